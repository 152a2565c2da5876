// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// One suspended task that the core will wake: an `oip_waiter` and a continuation.
///
/// Exactly one of three resumes it: the registering call, if it needed no wait; the core's `done`; or the cancellation,
/// if `oip_cancel` took the wait back. While the wait is registered the core owns a reference, given up by whichever of
/// the last two it is. The cancellation handler may run before, during or after the registration; `phase` tells it
/// which.
@safe
final class CoreWait: @unchecked Sendable {
    struct Outcome: Sendable {
        /// The core's result, or `-ECANCELED`.
        var result: Int32
        var sequence: UInt64
    }

    private enum Phase: UInt8, AtomicRepresentable {
        case registering
        /// Cancelled before the core knew the wait: the registering call takes it back.
        case cancelledEarly
        /// The handler may take it back, and finds out from the core whether it was in time.
        case registered
    }

    private let producer: CoreProducer
    private let waiter: UnsafeMutablePointer<oip_waiter>
    private let phase = Atomic(Phase.registering)
    /// Written before the registration, read by whoever resumes: the core's own hand-over orders the two.
    private var continuation: CheckedContinuation<Outcome, Never>?

    private init(_ producer: CoreProducer) {
        self.producer = producer
        unsafe waiter = .allocate(capacity: 1)
        unsafe waiter.initialize(to: oip_waiter())
        unsafe waiter.pointee.done = { waiter, result, sequence in
            let wait = unsafe Unmanaged<CoreWait>.fromOpaque(waiter!.pointee.context).takeRetainedValue()
            wait.resume(result, sequence)
        }
    }

    deinit { unsafe waiter.deallocate() }

    /// Suspends until what `register` asks the core for has an outcome.
    static nonisolated(nonsending) func run(
        on producer: CoreProducer, cancellable: Bool = true,
        _ register: (UnsafeMutablePointer<oip_waiter>, inout UInt64) -> Int32
    ) async -> Outcome {
        let wait = CoreWait(producer)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                unsafe wait.register(continuation, register)
            }
        } onCancel: {
            if cancellable { wait.cancel() }
        }
    }

    private func register(
        _ continuation: CheckedContinuation<Outcome, Never>,
        _ register: (UnsafeMutablePointer<oip_waiter>, inout UInt64) -> Int32
    ) {
        self.continuation = continuation
        let reference = unsafe Unmanaged.passRetained(self)
        unsafe waiter.pointee.context = unsafe reference.toOpaque()
        var sequence: UInt64 = 0
        let result = unsafe register(waiter, &sequence)
        guard result == -EINPROGRESS else {
            unsafe reference.release()
            return resume(result, sequence)
        }
        if !leaveRegistering(for: .registered) { takeBack() }
    }

    private func cancel() {
        if !leaveRegistering(for: .cancelledEarly) { takeBack() }
    }

    /// False where the other side was first; then it is this side that takes the wait back.
    private func leaveRegistering(for next: Phase) -> Bool {
        // Release here, acquire there: what the first has written, the continuation above all, the second sees.
        phase.compareExchange(expected: .registering, desired: next, ordering: .acquiringAndReleasing).exchanged
    }

    private func takeBack() {
        // The memory is this object's, so asking about a wait that is over is allowed: -EALREADY.
        guard unsafe oip_cancel(producer.handle, waiter) == 0 else { return }
        unsafe Unmanaged<CoreWait>.fromOpaque(waiter.pointee.context).release()
        resume(-ECANCELED, 0)
    }

    private func resume(_ result: Int32, _ sequence: UInt64) {
        // Set before the registration, and resumed once: see above.
        continuation!.resume(returning: Outcome(result: result, sequence: sequence))
    }
}
