// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects

/// The two ends of a measured pass, as every subject written in Swift uses them: `begin` and `pace` on the requester's
/// side, `receive` on the side where results arrive. One requester and one receiver at a time, which is what every
/// subject promises; hence no lock.
@safe final class Receiver: @unchecked Sendable {
    private let receiver: UnsafeMutablePointer<bench_receiver>
    private let latencies: UnsafeMutableBufferPointer<Int64>

    init(_ job: Job) {
        unsafe latencies = .allocate(capacity: job.rate == nil ? 0 : Int(job.items))
        unsafe latencies.initialize(repeating: 0)
        unsafe receiver = .allocate(capacity: 1)
        var cJob = unsafe job.forC(latencies: job.rate == nil ? nil : latencies.baseAddress)
        unsafe bench_receiver_init(receiver, &cJob)
    }

    deinit {
        unsafe receiver.deallocate()
        unsafe latencies.deallocate()
    }

    /// The first request is about to be made.
    func begin() { unsafe bench_begin(receiver) }

    /// Sleeps until request `index` is due; returns at once where requests are not paced. Blocks its thread.
    func pace(_ index: UInt64) { unsafe bench_pace(receiver, index) }

    /// The next result in order.
    @inline(__always) func receive(_ result: UInt64) { unsafe bench_receive(receiver, result) }

    /// What the pass took. Everything has come to rest.
    func outcome() -> Outcome {
        var outcome = bench_outcome()
        unsafe bench_end(receiver, &outcome)
        return unsafe Outcome(outcome, latencies: Array(latencies))
    }
}
