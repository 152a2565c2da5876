// SPDX-License-Identifier: Apache-2.0

/// The consumer's side of a production, and its end: what ``OrderedItemProducer`` and ``OrderedTransform`` have in common.
@usableFromInline
final class Delivery<Item: Sendable, Output: Sendable>: Sendable {
    private enum Outcome {
        /// There is no consumer function, or it has not returned.
        case none
        case returned(Result<Output, any Error>)
        /// `stop()` has given the outcome to somebody.
        case taken
    }

    private let core: CoreProducer
    private let hooks: ItemHooks
    @usableFromInline let ending: Ending
    private let outcome = Locked(Outcome.none)
    private let sink = Locked<ItemSink?>(nil)
    private let asyncItems = Locked<AsyncItemsStorage?>(nil)

    @usableFromInline
    init(core: CoreProducer, hooks: ItemHooks, ending: Ending) {
        self.core = core
        self.hooks = hooks
        self.ending = ending
    }

    // MARK: Consumers

    @usableFromInline
    nonisolated(nonsending) func start(
        _ consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output
    ) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            do {
                try start(consume) { continuation.resume() }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    @usableFromInline
    func startBlocking(_ consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output) throws {
        let running = ThreadGate()
        try start(consume) { running.open() }
        running.wait()
    }

    private func start(
        _ consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output, running: @escaping @Sendable () -> Void
    ) throws {
        try core.start { [self] in
            running()
            let result = Result { try consume(OrderedItems(core)) }
            ending.endNow()
            outcome.withLock { $0 = .returned(result) }
        }
    }

    @inlinable
    func start(onItem: @escaping @Sendable (Item) throws -> Void) throws {
        let ending = ending
        try unsafe start(sink: { payload, _ in
            let item = unsafe payload.assumingMemoryBound(to: Item.self).move()
            do {
                try onItem(item)
                return 0
            } catch {
                ending.sinkFailed(error)
                return Ending.sinkFailed
            }
        })
    }

    @usableFromInline
    func start(sink body: @escaping ItemHooks.Run) throws {
        let sink = unsafe ItemSink(body)
        try core.start(sink: sink, hooks: hooks)
        self.sink.withLock { $0 = sink }
    }

    @usableFromInline
    func items() throws -> AsyncOrderedItems<Item> {
        let storage = try AsyncItemsStorage(core: core, hooks: hooks, ending: ending)
        asyncItems.withLock { $0 = storage }
        return AsyncOrderedItems(storage)
    }

    // MARK: Endings

    @usableFromInline
    nonisolated(nonsending) func stop() async throws -> Output? {
        try refuseDeadlock()
        ending.signal.fire()
        try await core.stopAsync()
        return try takeOutcome()
    }

    @usableFromInline
    func stopBlocking() throws -> Output? {
        try refuseDeadlock()
        ending.signal.fire()
        try core.stop()
        return try takeOutcome()
    }

    /// As ``stop()``, for a scope: what ended production, and the outcome is left where it is.
    nonisolated(nonsending) func end() async throws -> (any Error)? {
        try await core.stopAsync()
        return failure()
    }

    @usableFromInline
    func stopProducing() {
        ending.endNow()
        core.stopProducing()
    }

    /// The core refuses where a thread would wait for itself; tasks are for this side to recognise.
    private func refuseDeadlock() throws {
        if ItemScope.isInside(core) { throw ProducerError.wouldDeadlock }
        if let iteration = asyncItems.withLock({ $0 }), iteration.isIteratedHere { throw ProducerError.wouldDeadlock }
    }

    /// After the end, the first time: what ended production is thrown, else the consumer's value is given.
    private func takeOutcome() throws -> Output? {
        let failure = failure()
        let outcome = outcome.withLock { outcome in
            defer { outcome = .taken }
            return outcome
        }
        if case .taken = outcome { return nil }
        if let failure { throw failure }
        guard case .returned(let result) = outcome else { return nil }
        return try result.get()
    }

    /// After the end: the failure that ended production, if one did.
    private func failure() -> (any Error)? {
        // Asked under the core's lock, which production ended under: what the sink did is behind this thread from here on.
        let failure = core.failureCode
        // A sink that captures its producer would otherwise keep it for ever.
        sink.withLock { $0.take() }?.drop()
        return switch failure {
        case Ending.sinkFailed?: ending.sinkFailure()
        case .some: ending.itemFailure()
        case nil: nil
        }
    }
}
