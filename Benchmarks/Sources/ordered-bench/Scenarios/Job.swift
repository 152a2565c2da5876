// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects

/// One pass through a subject: how many items of what size, and how they are requested.
struct Job: Sendable {
    var items: UInt64
    /// Steps of the work loop in each item.
    var steps: UInt64
    var workers: Int
    /// Items outstanding at most.
    var window: Int
    /// Requests per second; `nil`: as fast as possible.
    var rate: Double?

    /// The pass before the measured one: threads started, memory touched, code paged in.
    var warmUp: Job {
        var job = self
        job.items = min(items, 5000)
        job.steps = 0
        job.rate = nil
        return job
    }

    /// The same for the C side, which writes latencies to `latencies`.
    func forC(latencies: UnsafeMutablePointer<Int64>?) -> bench_job {
        unsafe bench_job(
            items: items, steps: steps, workers: UInt32(workers), window: UInt64(window), rate: rate ?? 0,
            latencies: latencies)
    }
}
