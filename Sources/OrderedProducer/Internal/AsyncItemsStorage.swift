// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer
internal import Synchronization

/// The part of an async iteration that the core calls: the state machine behind its lock.
///
/// It is apart from the storage because the core may call it as long as the producer's memory lives, so the producer's
/// hooks keep it; they must not keep the storage, which keeps the producer.
final class AsyncItemsWaker: Sendable {
    let machine = Locked(AsyncItemsStateMachine())

    func notify() {
        machine.withLock { $0.notified() }?.resume()
    }
}

/// One async iteration: the producer, a ready queue with this one producer on it, and the state machine.
@safe @usableFromInline
final class AsyncItemsStorage: Sendable {
    @usableFromInline let core: CoreProducer
    private let ending: Ending
    private let waker = AsyncItemsWaker()
    nonisolated(unsafe) private let queue: OpaquePointer
    /// Who iterates: the task that called `next()` last, by its address; 0 before the first call.
    private let iteratingTask = Atomic<UInt>(0)

    init(core: CoreProducer, hooks: ItemHooks, ending: Ending) throws {
        self.core = core
        self.ending = ending
        var options = unsafe oip_ready_queue_options()
        unsafe options.size = MemoryLayout<oip_ready_queue_options>.size
        unsafe options.context = Unmanaged.passUnretained(waker).toOpaque()
        unsafe options.notify = { context in
            unsafe Unmanaged<AsyncItemsWaker>.fromOpaque(context!).takeUnretainedValue().notify()
        }
        var queue: OpaquePointer?
        try CoreError.check(unsafe oip_ready_queue_create(&queue, &options))
        // The core sets the handle wherever it returns 0.
        unsafe self.queue = queue!
        try CoreError.check(unsafe oip_attach_ready_queue(core.handle, self.queue, nil))
        hooks.keep(waker)
    }

    deinit { unsafe oip_ready_queue_release(queue) }

    func makeIterator() -> Bool {
        waker.machine.withLock { $0.makeIterator() }
    }

    /// Returns when there may be something deliverable, or the task is cancelled.
    @usableFromInline
    nonisolated(nonsending) func waitForItem() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waker.machine.withLock { $0.wait(continuation) }?.resume()
            }
        } onCancel: {
            // The task itself finds that it is cancelled, and leaves: what is outstanding then is destroyed there, by
            // code of the user's, and not here, where the runtime holds a lock of the task.
            waker.notify()
        }
        var tag: UnsafeMutableRawPointer?
        while unsafe oip_ready_queue_take(queue, &tag) == 1 {}
    }

    /// The current task iterates from now on: notes that, so that ``isIteratedHere`` recognises a `stop()` that would
    /// wait for its own task. Whether the task is cancelled.
    @usableFromInline
    func isIteratedByCancelledTask() -> Bool {
        unsafe withUnsafeCurrentTask { task in
            guard let task = unsafe task else { return false }
            let address = unsafe Self.address(of: task)
            // Relaxed, as in `isIteratedHere`: what matters there is what the same task has stored. Not each time,
            // since a load costs less than a store.
            if iteratingTask.load(ordering: .relaxed) != address {
                iteratingTask.store(address, ordering: .relaxed)
            }
            return unsafe task.isCancelled
        }
    }

    /// Whether the current task is the one that has to take the items for production to end.
    var isIteratedHere: Bool {
        let isHere = unsafe withUnsafeCurrentTask { task in
            guard let task = unsafe task else { return false }
            return unsafe Self.address(of: task) == iteratingTask.load(ordering: .relaxed)
        }
        return isHere && waker.machine.withLock { !$0.isFinished }
    }

    /// Its identity as long as it lives, at a fraction of what its hash value costs.
    private static func address(of task: UnsafeCurrentTask) -> UInt {
        unsafe unsafeBitCast(task, to: UInt.self)
    }

    /// The core said that the iteration has ended: the failure that did it, if one did.
    @usableFromInline
    func finish() -> ItemFailure? {
        waker.machine.withLock { $0.ended() }
        return ending.itemFailure(core.failureCode)
    }

    @usableFromInline
    func abandon() {
        if waker.machine.withLock({ $0.abandoned() }) { leave() }
    }

    func sequenceDropped() {
        if waker.machine.withLock({ $0.sequenceDropped() }) { leave() }
    }

    private func leave() {
        ending.endNow()
        core.detach()
    }
}

/// What the copies of one sequence share: where the last goes and nobody ever iterated, nobody ever will.
@usableFromInline
final class AsyncItemsSource: Sendable {
    let storage: AsyncItemsStorage

    init(_ storage: AsyncItemsStorage) {
        self.storage = storage
    }

    deinit { storage.sequenceDropped() }
}

/// What the copies of the one iterator share: where the last goes, the consumer is gone.
@safe @usableFromInline
final class AsyncItemsIteration {
    @usableFromInline let storage: AsyncItemsStorage
    @usableFromInline let core: CoreProducer
    /// Where the core puts an item.
    @usableFromInline let payload: UnsafeMutableRawPointer

    init(_ storage: AsyncItemsStorage) {
        self.storage = storage
        core = storage.core
        unsafe payload = storage.core.allocatePayload()
    }

    deinit {
        storage.abandon()
        unsafe payload.deallocate()
    }

    @usableFromInline
    enum Step<Item> {
        case item(Item)
        case wait
        case cancelled
        case ended
    }

    /// What there is to take now. A cancelled task is a consumer that is gone.
    @inlinable
    func take<Item>(_: Item.Type) -> Step<Item> {
        if storage.isIteratedByCancelledTask() {
            storage.abandon()
            return .cancelled
        }
        let result = unsafe core.tryNext(payload)
        if result > 0 { return .item(unsafe payload.assumingMemoryBound(to: Item.self).move()) }
        return core.mustWait(result) ? .wait : .ended
    }
}
