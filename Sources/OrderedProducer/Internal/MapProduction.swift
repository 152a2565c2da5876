// SPDX-License-Identifier: Apache-2.0

/// The base of a map is through: an end that travels in order, as the failure of an item behind the last one.
struct MapBaseEnded: Error {}

/// What makes and orders the outputs of one iteration of a map: a producer whose kind of items is its own affair.
///
/// Its closures are made in inlinable initialisers, in the module that knows the types.
@usableFromInline
struct MapProduction<Input: Sendable, Output: Sendable>: Sendable {
    /// False where nothing more is wanted. Whoever calls it knows that there is room in the window.
    @usableFromInline typealias Submit = @Sendable (Input) throws -> Bool

    @usableFromInline let core: CoreProducer
    @usableFromInline let ending: Ending
    @usableFromInline let items: AsyncOrderedItems<Output>
    @usableFromInline let window: Int
    /// Whether ``submit`` starts a task for each element, and so has to be called in a task.
    @usableFromInline let startsTasks: Bool
    @usableFromInline let submit: Submit

    /// With a synchronous transform, on `pool`.
    @inlinable
    init(
        pool: WorkerPool, width: Int?, window: Int?, transform: @escaping @Sendable (Input) throws -> Output
    ) throws {
        self.window = window ?? Self.defaultWindow(width: width ?? pool.threads)
        var configuration = ProducerConfiguration(window: self.window)
        configuration.width = width
        let producer = try OrderedTransform<Input, Output, Never>(
            pool: pool, configuration: configuration, transform: transform)
        core = producer.core
        ending = producer.ending
        items = try producer.items()
        startsTasks = false
        submit = { input in
            var sequence: UInt64 = 0
            let result = producer.enqueue(input, &sequence)
            return try result == 0 || producer.core.admitted(result, sequence) != nil
        }
    }

    /// With an async transform, as tasks. The pool is there for the producer's sake and runs nothing.
    @inlinable
    init(
        width: Int, window: Int?, transform: @escaping @Sendable (Input) async throws -> Output
    ) throws {
        guard width >= 1 else {
            throw ProducerError.invalidConfiguration("width is \(width); it must be at least 1")
        }
        self.window = window ?? Self.defaultWindow(width: width)
        let producer = try OrderedItemProducer<Output, Never>(configuration: ProducerConfiguration(window: self.window))
        core = producer.core
        ending = producer.ending
        items = try producer.items()
        startsTasks = true
        let makeAsTask = Self.makeAsTask(producer, width: width)
        submit = { input in try makeAsTask { try await transform(input) } }
    }

    @usableFromInline
    static func makeAsTask(
        _ producer: OrderedItemProducer<Output, Never>, width: Int
    ) -> @Sendable (@escaping @Sendable () async throws -> Output) throws -> Bool {
        producer.ending.tasks.cancelUnwanted()
        let limiter = TaskLimiter(width: width)
        return { make in
            var sequence: UInt64 = 0
            guard try producer.core.admitted(producer.core.tryReserve(&sequence), sequence) != nil else { return false }
            limiter.start { [sequence] in
                producer.startTask(for: sequence, make, finished: limiter.finished)
            }
            return true
        }
    }

    /// Four for each that runs, so that a slow one does not hold up the others at once; 64 at least.
    @usableFromInline
    static func defaultWindow(width: Int) -> Int {
        // Also where it is out of range, which is found out later.
        max(16, min(width, Int(Int32.max))) * 4
    }

    /// Whether an element that is pulled now can still be delivered: no item before it has failed.
    @usableFromInline
    func wants(_ sequence: UInt64) -> Bool {
        ending.wants(sequence)
    }

    /// The base has no more, or threw `error`: in its place, behind what was submitted. As ``submit``, knows of room.
    @usableFromInline
    func end(with error: any Error) {
        var sequence: UInt64 = 0
        // Where production has ended meanwhile, nobody waits for this.
        guard core.tryReserve(&sequence) == 0 else { return }
        ending.itemFailed(sequence, error)
        core.fail(sequence)
    }

    @usableFromInline
    func end() {
        end(with: MapBaseEnded())
    }

    /// What is thrown where the items have ended: nothing at the base's end.
    @usableFromInline
    func finish(_ iteration: AsyncItemsIteration) throws {
        guard let failure = iteration.storage.finish() else {
            // Only the consumer's own cancellation ends an iteration without a failure.
            throw CancellationError()
        }
        if !(failure.underlying is MapBaseEnded) { throw failure.underlying }
    }

    @usableFromInline
    func iterate() -> AsyncItemsIteration {
        // The one iterator of these items.
        items.makeAsyncIterator().iteration!
    }
}
