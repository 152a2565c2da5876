// SPDX-License-Identifier: Apache-2.0

/// What `mapInOrder` makes of a `Sequence`: its elements transformed side by side, delivered in their order.
///
/// Nothing happens before the first `next()`; each iterator is an iteration of its own. Where the base is `Sendable`, a
/// thread of the iteration's pulls elements from it, as far ahead as the window allows, while the iterating task takes
/// what is ready: the base may block. Otherwise the iterating task itself pulls, inside `next()`, where nothing is
/// ready. While such a base blocks, the task takes nothing, and its executor runs nothing else.
///
/// Ordered, bounded, and ending as <doc:MapInOrder> says: outputs arrive in the order of the elements; at most `window`
/// elements are pulled ahead of what has been delivered; an error of the transform is thrown in its place, behind all
/// outputs before it; whoever stops iterating ends everything.
public struct OrderedMapSequence<Base: Sequence, Element: Sendable>: AsyncSequence where Base.Element: Sendable {
    /// What the transform throws, as it is; `CancellationError`; ``ProducerError`` where the production or its thread
    /// cannot be set up.
    public typealias Failure = any Error

    @usableFromInline typealias Iteration = PulledMapIteration<Base.Element, Element>
    @usableFromInline typealias BeginOnThread =
        @Sendable (Base, MapProduction<Base.Element, Element>) throws -> Iteration

    @usableFromInline let base: Base
    @usableFromInline let makeProduction: @Sendable () throws -> MapProduction<Base.Element, Element>
    /// `nil`: the base is used by the iterating task only.
    @usableFromInline let beginOnThread: BeginOnThread?

    @inlinable
    init(
        confined base: Base, _ makeProduction: @escaping @Sendable () throws -> MapProduction<Base.Element, Element>
    ) {
        self.base = base
        self.makeProduction = makeProduction
        beginOnThread = nil
    }

    @inlinable
    init(_ base: Base, _ makeProduction: @escaping @Sendable () throws -> MapProduction<Base.Element, Element>)
    where Base: Sendable {
        self.base = base
        self.makeProduction = makeProduction
        beginOnThread = { try Iteration(onThread: $0, $1) }
    }

    @inlinable
    func begin() throws -> AsyncIterator.State {
        if Task.isCancelled { throw CancellationError() }
        let production = try makeProduction()
        if let beginOnThread { return .pulled(try beginOnThread(base, production)) }
        return .confined(ConfinedMapIteration(base, production))
    }

    /// An iteration of its own.
    @inlinable
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }

    /// The iterator of ``OrderedMapSequence``. It belongs to one task at a time; where its last copy goes before the
    /// end, nothing further is pulled, started or delivered.
    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline
        enum State {
            case unstarted(OrderedMapSequence)
            case confined(ConfinedMapIteration<Base, Element>)
            case pulled(Iteration)
            case finished
        }

        @usableFromInline var state: State

        @inlinable
        init(_ sequence: OrderedMapSequence) {
            state = .unstarted(sequence)
        }

        /// The next output; `nil` at the end, again and again. Throws once: what the transform threw,
        /// `CancellationError` where the task is cancelled, or ``ProducerError`` where the production cannot be set up.
        @inlinable
        public mutating func next() async throws -> Element? {
            try await next(isolation: nil)
        }

        /// As ``next()``, without leaving the caller's actor.
        @inlinable
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> Element? {
            var state = state
            // Over, unless it is found to go on.
            self.state = .finished
            if case .unstarted(let sequence) = state { state = try sequence.begin() }
            let element =
                switch state {
                case .confined(let iteration): try await iteration.next()
                case .pulled(let iteration): try await iteration.next()
                case .unstarted, .finished: nil as Element?
                }
            if element != nil { self.state = state }
            return element
        }
    }
}

extension OrderedMapSequence: Sendable where Base: Sendable {}

@available(*, unavailable)
extension OrderedMapSequence.AsyncIterator: Sendable {}

extension Sequence where Self: Sendable, Element: Sendable {
    /// The elements transformed side by side on `pool`, in their order, each delivered as soon as it is finished and
    /// its turn has come, whatever the base does.
    ///
    /// ```swift
    /// for try await block in blocks.mapInOrder({ try compressed($0) }) { try file.write(block) }
    /// ```
    ///
    /// - Parameters:
    ///   - width: How many elements are transformed at once; `nil`: as many as the pool has threads.
    ///   - window: How many elements are pulled ahead of what has been delivered, at most: the bound on memory, and on
    ///     how far finished ones run ahead of a slow one. `nil`: four for each of the width, at least 64.
    ///   - pool: Where `transform` runs.
    ///   - transform: May block.
    /// - Returns: An `AsyncSequence` that starts with its first `next()`. Values out of range are thrown there.
    @inlinable
    public func mapInOrder<Output: Sendable>(
        width: Int? = nil, window: Int? = nil, pool: WorkerPool = .shared,
        _ transform: @escaping @Sendable (Element) throws -> Output
    ) -> OrderedMapSequence<Self, Output> {
        OrderedMapSequence(self) {
            try MapProduction(pool: pool, width: width, window: window, transform: transform)
        }
    }

    /// The elements transformed by up to `width` tasks at once, in their order, each delivered as soon as it is
    /// finished and its turn has come, whatever the base does.
    ///
    /// ```swift
    /// for try await page in addresses.mapInOrder(width: 8, { try await fetch($0) }) { show(page) }
    /// ```
    ///
    /// The tasks inherit the priority and the task-local values of the iterating task. Those whose outputs nobody wants
    /// any more, since the iteration ended or an earlier one failed, are cancelled.
    ///
    /// - Parameters:
    ///   - width: How many elements are transformed at once.
    ///   - window: How many elements are pulled ahead of what has been delivered, at most. `nil`: four for each of the
    ///     width, at least 64.
    ///   - transform: Runs on the concurrency runtime's threads, where it must not block.
    /// - Returns: An `AsyncSequence` that starts with its first `next()`. Values out of range are thrown there.
    @inlinable
    public func mapInOrder<Output: Sendable>(
        width: Int, window: Int? = nil,
        _ transform: @escaping @Sendable (Element) async throws -> Output
    ) -> OrderedMapSequence<Self, Output> {
        OrderedMapSequence(self) {
            try MapProduction(width: width, window: window, transform: transform)
        }
    }
}
