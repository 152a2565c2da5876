// SPDX-License-Identifier: Apache-2.0

/// How one producer behaves. Checked by the producer's initialiser, which throws
/// ``ProducerError/invalidConfiguration(_:)`` and says which value is out of range.
public struct ProducerConfiguration: Sendable {
    /// How many items may be outstanding (asked for, and not yet consumed): exact, from 1 to 2³⁰; 1024 unless told.
    ///
    /// It bounds memory (about `window` × the size of an item's slot) and the lead that items may take over a slow one.
    public var window: Int

    /// How many of this producer's synchronous items may run at once, at least 1; `nil`: as many as the pool has
    /// threads.
    ///
    /// Items that the assisting consumer or a waiting caller runs count too. Async items are not limited by it, only by
    /// ``window``: most of their time they are suspended.
    public var width: Int?

    /// What happens when an item fails; ``FailurePolicy/endInOrder`` unless told.
    public var onFailure: FailurePolicy

    /// Whether a blocking consumer may run the item it needs next, and a blocked caller items that it would otherwise
    /// only wait for; `true` unless told. Both save the wake-ups that would dominate short items. Turn it off where
    /// items must run on pool threads only.
    public var assists: Bool

    /// How a blocking consumer waits; ``WaitStrategy/adaptive`` unless told.
    public var wait: WaitStrategy

    /// The name of the consumer's thread in `ps`, `perf` and debuggers, cut to what the system allows (15 bytes on
    /// Linux).
    public var name: String?

    /// Told once of each item that failed for good, under any ``onFailure``: what it threw, or ``DeadlineExceeded``.
    /// `nil`: nobody is told.
    ///
    /// It is called where the item failed (a thread of the pool or the consumer's, a caller that helps, the item's
    /// task), for several items at once and in no particular order, and for each item before `stop()` returns. It must
    /// be quick and must not block; it may end production. It is not told of items that did not run because production
    /// had ended, of async items that fail after the library has cancelled their tasks, nor of what an item throws
    /// after its deadline, when something else has taken its place.
    public var onItemFailure: (@Sendable (ItemFailure) -> Void)?

    /// How long the line waits for an item, from the call that asked for it; `nil`: as long as it takes.
    ///
    /// More than zero. An item that is not finished then is overtaken as soon as the consumer waits for it: a
    /// substitute takes its place, and what it makes later is destroyed. See <doc:Deadlines> for what that costs. Items
    /// may have a deadline of their own instead, with `produceItem(within:substitute:_:)`.
    public var deadline: Duration?

    /// Whether items may have deadlines of their own; implied by ``deadline`` and by a `substitute` for the producer.
    ///
    /// All items of a producer with deadlines are run by threads of the pool, none by its consumer or its callers.
    public var allowsDeadlines: Bool

    /// What records the items' requests, starts, finishes and deliveries; `nil`, nothing, unless told.
    public var trace: OrderedTrace?

    /// The defaults, except for what is given.
    public init(
        window: Int = 1024, width: Int? = nil, onFailure: FailurePolicy = .endInOrder, assists: Bool = true,
        wait: WaitStrategy = .adaptive, name: String? = nil, onItemFailure: (@Sendable (ItemFailure) -> Void)? = nil,
        deadline: Duration? = nil, allowsDeadlines: Bool = false, trace: OrderedTrace? = nil
    ) {
        self.window = window
        self.width = width
        self.onFailure = onFailure
        self.assists = assists
        self.wait = wait
        self.name = name
        self.onItemFailure = onItemFailure
        self.deadline = deadline
        self.allowsDeadlines = allowsDeadlines
        self.trace = trace
    }
}
