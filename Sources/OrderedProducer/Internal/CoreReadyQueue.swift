// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

/// Owns one `oip_ready_queue *`: how one event loop learns which of its producers have something deliverable.
///
/// Whoever owns the loop (`OrderedProducerNIO`) makes one per loop, has itself told by ``whenReady(_:)``, and then
/// takes lanes on the loop until there are none. The queue keeps its lanes, and a lane its producer's core, until the
/// lane has seen the end; it keeps no public producer, so that dropping one ends production as anywhere else.
@safe @usableFromInline
package final class CoreReadyQueue: Sendable {
    nonisolated(unsafe) private let handle: OpaquePointer
    private let bell = LoopBell()
    let thread: LoopThread
    private let lanes = Locked<[UInt: LoopLane]>([:])

    /// A queue for the loop whose thread `isOnLoop` recognises.
    package init(isOnLoop: @escaping @Sendable () -> Bool) throws {
        thread = LoopThread(isCurrent: isOnLoop)
        var options = unsafe oip_ready_queue_options()
        unsafe options.size = MemoryLayout<oip_ready_queue_options>.size
        unsafe options.context = Unmanaged.passUnretained(bell).toOpaque()
        unsafe options.notify = { context in
            unsafe Unmanaged<LoopBell>.fromOpaque(context!).takeUnretainedValue().ring()
        }
        var handle: OpaquePointer?
        try CoreError.check(unsafe oip_ready_queue_create(&handle, &options))
        // The core sets the handle wherever it returns 0.
        unsafe self.handle = handle!
    }

    deinit { unsafe oip_ready_queue_release(handle) }

    /// `wake` is called on any thread, once for any number of lanes, until ``take()`` has found none. It must not
    /// block, nor keep this queue.
    package func whenReady(_ wake: @escaping @Sendable () -> Void) {
        bell.wake.withLock { $0 = wake }
    }

    /// A lane that has something to deliver, or an end to see; nil where there is none. On the loop.
    package func take() -> LoopLane? {
        var tag: UnsafeMutableRawPointer?
        while unsafe oip_ready_queue_take(handle, &tag) == 1 {
            let key = UInt(bitPattern: tag)
            // The core may name a producer once more after the end was seen. Should another lane have got the address
            // since, it is looked at in vain.
            if let lane = lanes.withLock({ $0[key] }) { return lane }
        }
        return nil
    }

    /// The lane has seen its end.
    package func remove(_ lane: LoopLane) {
        lanes.withLock { $0[lane.key] = nil }
    }

    /// The loop is gone, so nobody takes any more: production of all lanes ends, and `stop()` throws `error`.
    package func abandon(_ error: any Error) {
        let abandoned = lanes.withLock { lanes in
            defer { lanes = [:] }
            return Array(lanes.values)
        }
        for lane in abandoned { lane.abandon(error) }
    }

    func attach(_ lane: LoopLane, of core: CoreProducer, hooks: ItemHooks) throws {
        // The bell has to be there as long as the producer can be made deliverable, and the lane before it is named.
        hooks.keep(bell)
        lanes.withLock { $0[lane.key] = lane }
        let tag = unsafe UnsafeMutableRawPointer(bitPattern: lane.key)
        let result = unsafe oip_attach_ready_queue(core.handle, handle, tag)
        if result < 0 {
            let error = CoreError.error(result)
            remove(lane)
            throw error
        }
        core.setLoop(thread)
    }
}

/// What the core rings, on any thread. Apart from the queue, since the producers' hooks keep it and must not keep the
/// queue.
private final class LoopBell: Sendable {
    let wake = Locked<(@Sendable () -> Void)?>(nil)

    func ring() {
        wake.withLock { $0 }?()
    }
}

/// The thread of an event loop, as far as a caller has to know: it must not wait there for what the loop itself has to
/// do.
final class LoopThread: Sendable {
    let isCurrent: @Sendable () -> Bool

    init(isCurrent: @escaping @Sendable () -> Bool) {
        self.isCurrent = isCurrent
    }
}
