// SPDX-License-Identifier: Apache-2.0

/// The consumer's side of a production, and its end: what ``OrderedItemProducer`` and ``OrderedTransform`` have in
/// common.
@usableFromInline
final class Delivery<Item: Sendable, Output: Sendable>: Sendable {
    private struct Outcome {
        /// What the consumer function gave; `nil` where there is none, or it has not returned.
        var returned: Result<Output, any Error>?
        /// `stop()` has given the outcome to somebody.
        var isTaken = false
    }

    @usableFromInline let core: CoreProducer
    private let hooks: ItemHooks
    @usableFromInline let ending: Ending
    private let outcome = Locked(Outcome())
    private let sink = Locked<ItemSink?>(nil)
    private let asyncItems = Locked<AsyncItemsStorage?>(nil)
    private let loop = Locked<LoopConsumer?>(nil)
    /// Fires when the core says that production has ended; made by the first who waits for that.
    let endSignal = Locked<EndSignal?>(nil)

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
            outcome.withLock { $0.returned = result }
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

    /// Items are delivered on the loop that takes lanes from `queue`. `keeping` lives as long as this production's
    /// owner.
    @inlinable
    func start(
        on queue: CoreReadyQueue, keeping: any AnyObject & Sendable, callbacks: LoopLane.Callbacks,
        onItem: @escaping @Sendable (Item) throws -> Void
    ) throws -> LoopLane {
        let core = core
        return try unsafe start(on: queue, keeping: keeping, callbacks: callbacks) { payload, most in
            for _ in 0..<most {
                let result = unsafe core.tryNext(payload)
                guard result > 0 else { return core.mustWait(result) ? .idle : .ended }
                try onItem(unsafe payload.assumingMemoryBound(to: Item.self).move())
            }
            return .more
        }
    }

    @usableFromInline
    func start(
        on queue: CoreReadyQueue, keeping: any AnyObject & Sendable, callbacks: LoopLane.Callbacks,
        body: @escaping LoopLane.Body
    ) throws -> LoopLane {
        let lane = unsafe LoopLane(
            core: core, body: body, callbacks: callbacks,
            leave: { [core, ending, outcome] error in
                ending.endNow()
                outcome.withLock { if $0.returned == nil { $0.returned = .failure(error) } }
                core.detach()
            },
            failure: { [core, ending] in ending.itemFailure(core.failureCode) })
        try queue.attach(lane, of: core, hooks: hooks)
        loop.withLock { $0 = LoopConsumer(lane: lane, thread: queue.thread, keeping: keeping) }
        return lane
    }

    // MARK: Endings

    @usableFromInline
    nonisolated(nonsending) func stop() async throws -> Output? {
        try refuseDeadlock()
        try await core.stopAsync()
        return try takeOutcome()
    }

    @usableFromInline
    func stopBlocking() throws -> Output? {
        try refuseDeadlock()
        if let consumer = loop.withLock({ $0 }), consumer.thread.isCurrent(), !consumer.lane.hasEnded {
            throw ProducerError.wouldDeadlock
        }
        try core.stop()
        return try takeOutcome()
    }

    /// As ``stop()``, for a scope: what ended production, and the outcome is left where it is.
    nonisolated(nonsending) func end() async throws -> (any Error)? {
        try await core.stopAsync()
        return failure()
    }

    /// As ``stop()``, for who watches: leaves the outcome to whoever calls that, and throws what it throws.
    nonisolated(nonsending) func drain() async throws {
        try refuseDeadlock()
        if let failure = try await end() { throw failure }
        if case .failure(let error) = outcome.withLock({ $0.returned }) { throw error }
    }

    /// Returns when production has ended, whatever the reason, or the task is cancelled. Changes nothing.
    nonisolated(nonsending) func waitForEnd() async {
        let (signal, isNew) = endSignal.withLock { signal -> (EndSignal, Bool) in
            if let signal { return (signal, false) }
            let new = EndSignal()
            signal = new
            return (new, true)
        }
        if isNew {
            Task.detached { [core] in
                await core.waitForEnd()
                signal.fire()
            }
        }
        await signal.wait()
    }

    @usableFromInline
    func stopProducing() {
        // Before a task that has not begun hears that its item is not wanted: under `skip` the core would leave that
        // out, and deliver what is behind it.
        core.stopProducing()
        ending.endNow()
    }

    /// As ``stopProducing()``, for a cancellation handler: what is outstanding is destroyed by code of the user's, and
    /// so not there, where the runtime holds a lock of the task. Whoever must not outlive that awaits the task.
    @discardableResult
    func stopProducingElsewhere() -> Task<Void, Never> {
        Task.detached { self.stopProducing() }
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
            defer {
                outcome.isTaken = true
                if case .success = outcome.returned { outcome.returned = nil }
            }
            return outcome
        }
        if outcome.isTaken { return nil }
        if let failure { throw failure }
        return try outcome.returned?.get()
    }

    /// After the end: the failure that ended production, if one did.
    private func failure() -> (any Error)? {
        // Asked under the core's lock, which production ended under: what the sink did is behind this thread from here
        // on.
        let code = core.failureCode
        // A sink that captures its producer would otherwise keep it for ever.
        sink.withLock { $0.take() }?.drop()
        return ending.failure(code)
    }
}

/// What a producer keeps of its consumer on an event loop.
private struct LoopConsumer: Sendable {
    let lane: LoopLane
    let thread: LoopThread
    /// What takes the items: it goes with the last of its producers.
    let keeping: any AnyObject & Sendable
}
