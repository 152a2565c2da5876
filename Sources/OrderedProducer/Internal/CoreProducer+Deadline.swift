// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Items with deadlines. An argument is a reference on an ``ItemDeadline``, which the core takes over where the result
/// is 0.
extension CoreProducer {
    /// A deadline as the core wants it.
    @usableFromInline
    func nanoseconds(of deadline: Duration) throws -> UInt64 {
        try CoreConfiguration.nanoseconds(of: deadline)
    }

    /// Asks for an item; 0 for `nanoseconds` is the producer's own deadline. Without a payload it finishes elsewhere.
    @usableFromInline
    func request(
        _ payload: UnsafeRawPointer?, _ nanoseconds: UInt64, _ argument: UnsafeMutableRawPointer?,
        _ sequence: inout UInt64, blocks: Bool
    ) -> Int32 {
        var request = unsafe oip_request()
        unsafe request.size = MemoryLayout<oip_request>.size
        unsafe request.payload = payload
        unsafe request.deadline_ns = nanoseconds
        unsafe request.argument = argument
        let refuses = blocks && isOnItsLoop
        unsafe request.nowait = !blocks || refuses
        let result = unsafe oip_request(handle, &request, &sequence)
        return refuses ? refusingToWait(result) : result
    }

    /// Waits for room without blocking the thread. `payload` stays in place until the call returns.
    @usableFromInline
    nonisolated(nonsending) func requestWhenRoom(
        _ payload: UnsafeRawPointer?, _ nanoseconds: UInt64, _ argument: UnsafeMutableRawPointer?,
        _ sequence: inout UInt64
    ) async -> Int32 {
        let request = UnsafeMutablePointer<oip_request>.allocate(capacity: 1)
        defer { unsafe request.deallocate() }
        unsafe request.initialize(to: oip_request())
        unsafe request.pointee.size = MemoryLayout<oip_request>.size
        unsafe request.pointee.payload = payload
        unsafe request.pointee.deadline_ns = nanoseconds
        unsafe request.pointee.argument = argument
        let outcome = unsafe await CoreWait.run(on: self) { waiter, sequence in
            unsafe request.pointee.waiter = waiter
            return unsafe oip_request(self.handle, request, &sequence)
        }
        sequence = outcome.sequence
        return outcome.result
    }

    /// Takes a sequence for an item that finishes elsewhere; nil where production has ended.
    nonisolated(nonsending) func reserve(
        within nanoseconds: UInt64, _ argument: UnsafeMutableRawPointer?
    ) async throws -> UInt64? {
        var sequence: UInt64 = 0
        var result = unsafe request(nil, nanoseconds, argument, &sequence, blocks: false)
        if result == -EAGAIN {
            result = unsafe await requestWhenRoom(nil, nanoseconds, argument, &sequence)
        }
        if result != 0 { unsafe takeBack(argument) }
        return try admitted(result, sequence)
    }

    /// The core did not take it over.
    @usableFromInline
    func takeBack(_ argument: UnsafeMutableRawPointer?) {
        guard let argument = unsafe argument else { return }
        unsafe Unmanaged<AnyObject>.fromOpaque(argument).release()
    }

    /// The reserved item threw `error`; whether that counts the core decides.
    func fail(_ sequence: UInt64, with error: any Error) {
        unsafe withUnsafeTemporaryAllocation(of: (any Error).self, capacity: 1) { payload in
            // Of one element; the core's callback takes it out.
            let address = UnsafeMutableRawPointer(payload.baseAddress!)
            unsafe DeadlineHooks.leave(error, in: address)
            unsafe oip_fail_with(handle, sequence, Ending.itemFailed, address)
        }
    }
}
