// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Owns one `oip_producer *`: everything in the module that touches items goes through here.
///
/// Whoever may still call the core (the public producer, its consumer, async items, waiting callers) holds a reference,
/// so the handle is given back after the last of them. The public producer's end ends production before that.
///
/// The methods are not inlinable, which keeps C out of clients: one direct call each. Results are the core's own, 0 or
/// more for success, so that the common case is one comparison at the caller's.
@safe @usableFromInline
final class CoreProducer: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer
    /// A pool that nobody references ends its threads with its last producer; this one may still ask about it.
    private let pool: WorkerPool
    private let payloadSize: Int
    private let payloadAlignment: Int
    @usableFromInline let hasDeadlines: Bool
    /// Set where an event loop consumes: on its thread nobody may wait for room, which only the loop can make.
    private let loop = unsafe Atomic<Unmanaged<LoopThread>?>(nil)

    @usableFromInline
    init(
        pool: WorkerPool, configuration: ProducerConfiguration, payloadSize: Int, payloadAlignment: Int,
        hooks: ItemHooks
    ) throws(ProducerError) {
        let lane = configuration.trace?.lane(named: configuration.name)
        let configuration = try CoreConfiguration(configuration)
        let context = unsafe Unmanaged.passRetained(hooks)
        var handle: OpaquePointer?
        let result = unsafe configuration.withOptions { options in
            unsafe options.payload_size = payloadSize
            unsafe options.payload_align = payloadAlignment
            unsafe options.run = ItemHooks.runCallback
            unsafe options.discard = ItemHooks.discardCallback
            unsafe options.release = ItemHooks.releaseCallback
            unsafe options.may_help = ItemHooks.mayHelpCallback
            unsafe options.context = context.toOpaque()
            if let lane {
                hooks.keep(lane)
                unsafe options.observe = TraceLane.callback
                unsafe options.observe_context = Unmanaged.passUnretained(lane).toOpaque()
            }
            if hooks.deadlines != nil {
                unsafe options.deadlines = true
                unsafe options.substitute = DeadlineHooks.substituteCallback
                unsafe options.failed = DeadlineHooks.failedCallback
                unsafe options.release_argument = DeadlineHooks.releaseCallback
            }
            return unsafe oip_producer_create(&handle, pool.core.handle, &options)
        }
        if result < 0 {
            unsafe context.release()
            throw CoreError.error(result)
        }
        // The core sets the handle wherever it returns 0.
        unsafe self.handle = handle!
        self.pool = pool
        self.payloadSize = payloadSize
        self.payloadAlignment = payloadAlignment
        hasDeadlines = hooks.deadlines != nil
    }

    deinit {
        unsafe oip_producer_release(handle)
        unsafe loop.load(ordering: .acquiring)?.release()
    }

    /// Memory for one payload, for whoever takes items out.
    func allocatePayload() -> UnsafeMutableRawPointer {
        .allocate(byteCount: payloadSize, alignment: payloadAlignment)
    }

    // MARK: Callers

    @usableFromInline
    func produce(_ payload: UnsafeRawPointer, _ sequence: inout UInt64) -> Int32 {
        guard isOnItsLoop else { return unsafe oip_produce(handle, payload, &sequence) }
        return refusingToWait(unsafe oip_try_produce(handle, payload, &sequence))
    }

    @usableFromInline
    func tryProduce(_ payload: UnsafeRawPointer, _ sequence: inout UInt64) -> Int32 {
        unsafe oip_try_produce(handle, payload, &sequence)
    }

    @usableFromInline
    func produceMany(_ payloads: UnsafeRawPointer, _ count: Int, _ accepted: inout Int) -> Int32 {
        guard isOnItsLoop else { return unsafe oip_produce_many(handle, payloads, count, &accepted) }
        return refusingToWait(unsafe oip_try_produce_many(handle, payloads, count, &accepted))
    }

    @usableFromInline
    func tryProduceMany(_ payloads: UnsafeRawPointer, _ count: Int, _ accepted: inout Int) -> Int32 {
        unsafe oip_try_produce_many(handle, payloads, count, &accepted)
    }

    var isOnItsLoop: Bool {
        // Acquire: what the thread object holds; pairs with `setLoop`.
        guard let loop = unsafe loop.load(ordering: .acquiring) else { return false }
        return unsafe loop._withUnsafeGuaranteedRef { $0.isCurrent() }
    }

    func refusingToWait(_ result: Int32) -> Int32 { mustWait(result) ? -EDEADLK : result }

    /// Waits for room without blocking the thread. `payload` stays in place until the call returns, and is taken over
    /// where the result is 0. `-ECANCELED`: the task was cancelled, and no sequence was used up.
    @usableFromInline
    nonisolated(nonsending) func produceWhenRoom(
        _ payload: UnsafeRawPointer, _ sequence: inout UInt64
    ) async -> Int32 {
        let outcome = unsafe await CoreWait.run(on: self) { waiter, sequence in
            unsafe oip_produce_async(self.handle, payload, &sequence, waiter)
        }
        sequence = outcome.sequence
        return outcome.result
    }

    /// Takes a sequence for an item that finishes elsewhere. Never waits.
    @usableFromInline
    func tryReserve(_ sequence: inout UInt64) -> Int32 {
        unsafe oip_try_reserve(handle, &sequence)
    }

    /// Takes a sequence for an item that finishes elsewhere; nil where production has ended.
    nonisolated(nonsending) func reserve() async throws -> UInt64? {
        var sequence: UInt64 = 0
        var result = tryReserve(&sequence)
        if result == -EAGAIN {
            let outcome = unsafe await CoreWait.run(on: self) { waiter, sequence in
                unsafe oip_reserve_async(self.handle, &sequence, waiter)
            }
            (result, sequence) = (outcome.result, outcome.sequence)
        }
        return try admitted(result, sequence)
    }

    @usableFromInline
    func complete(_ sequence: UInt64, _ payload: UnsafeRawPointer) {
        unsafe oip_complete(handle, sequence, payload)
    }

    @usableFromInline
    func fail(_ sequence: UInt64) {
        unsafe oip_fail(handle, sequence, Ending.itemFailed)
    }

    /// The sequence, nil where production has ended, or the error. On the thread that got the result.
    @usableFromInline
    func admitted(_ result: Int32, _ sequence: UInt64) throws -> UInt64? {
        switch result {
        case 0...: return sequence
        case -EPIPE: return nil
        case -ECANCELED: throw CancellationError()
        default: throw CoreError.error(result)
        }
    }

    /// Whether a call that does not wait says that there is something to wait for: room, or an item.
    @usableFromInline
    func mustWait(_ result: Int32) -> Bool { result == -EAGAIN }

    // MARK: Consumers

    /// 1 and the item, or 0 at the end. Waits.
    @usableFromInline
    func next(_ payload: UnsafeMutableRawPointer) -> Int32 {
        unsafe oip_next(handle, payload, nil)
    }

    /// 1 and the item, 0 at the end, or negative where nothing is deliverable now.
    @usableFromInline
    func tryNext(_ payload: UnsafeMutableRawPointer) -> Int32 {
        unsafe oip_try_next(handle, payload, nil)
    }

    /// Runs `body` in a consumer thread; nothing is left behind where this throws.
    func start(_ body: @escaping @Sendable () -> Void) throws {
        let job = unsafe Unmanaged.passRetained(ThreadJob(body))
        let result = unsafe oip_start(
            handle,
            { _, job in
                unsafe ThreadJob.run(job)
                return nil
            }, job.toOpaque())
        if result < 0 {
            unsafe job.release()
            throw CoreError.error(result)
        }
    }

    /// Calls `sink` with each item, on whichever thread finds the head deliverable.
    func start(sink: ItemSink, hooks: ItemHooks) throws {
        try CoreError.check(
            unsafe oip_start_sink(handle, ItemSink.callback, Unmanaged.passUnretained(sink).toOpaque()))
        hooks.keep(sink)
    }

    /// An event loop was attached, once.
    func setLoop(_ thread: LoopThread) {
        unsafe loop.store(Unmanaged.passRetained(thread), ordering: .releasing)
    }

    func detach() {
        unsafe oip_detach(handle)
    }

    func pause() { unsafe oip_pause(handle) }
    func resume() { unsafe oip_resume(handle) }

    // MARK: Endings

    func stopProducing() {
        unsafe oip_stop_producing(handle)
    }

    /// Accepts no more. Never waits.
    func finish() {
        unsafe oip_finish(handle)
    }

    /// Waits for the end. Blocks.
    func stop() throws {
        try CoreError.check(unsafe oip_stop(handle, nil))
    }

    nonisolated(nonsending) func stopAsync() async throws {
        let outcome = unsafe await CoreWait.run(on: self, cancellable: false) { waiter, _ in
            unsafe oip_stop_async(self.handle, waiter)
        }
        try CoreError.check(outcome.result)
    }

    /// Returns when production has ended, whatever ends it.
    nonisolated(nonsending) func waitForEnd() async {
        _ = unsafe await CoreWait.run(on: self, cancellable: false) { waiter, _ in
            unsafe oip_wait_async(self.handle, waiter)
        }
    }

    /// The code of the failure that ended production, if one did.
    var failureCode: Int32? {
        var sequence: UInt64 = 0
        var code: Int32 = 0
        return unsafe oip_failure(handle, &sequence, &code) == 1 ? code : nil
    }

    var statistics: ProducerStatistics {
        var counts = oip_statistics()
        counts.size = MemoryLayout<oip_statistics>.size
        _ = unsafe oip_get_statistics(handle, &counts)
        return ProducerStatistics(counts)
    }
}

extension ProducerStatistics {
    fileprivate init(_ counts: oip_statistics) {
        requested = counts.requested
        delivered = counts.delivered
        failed = counts.failed
        skipped = counts.skipped
        discarded = counts.discarded
        running = Int(clamping: counts.running)
        finishedWaiting = Int(clamping: counts.finished_waiting)
        outstanding = Int(clamping: counts.outstanding)
        head = counts.head
        assisted = counts.assisted
        helped = counts.helped
        workerWakes = counts.worker_wakes
        consumerWakes = counts.consumer_wakes
        callerWakes = counts.caller_wakes
        headOfLineStall = counts.head_of_line_stall
        longestStall = counts.longest_stall
        longestStallSequence = counts.longest_stall_sequence == .max ? nil : counts.longest_stall_sequence
        overtaken = counts.overtaken
        late = Int(clamping: counts.late)
    }
}
