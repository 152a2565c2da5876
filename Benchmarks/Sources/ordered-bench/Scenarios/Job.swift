// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects

/// One pass through a subject: how many items of what size, and how they are requested.
struct Job: Codable, Sendable, Equatable {
    var items: UInt64
    /// Steps of the work loop in each item.
    var steps: UInt64
    var workers: Int
    /// Items outstanding at most, of each producer.
    var window: Int
    /// Requests per second; `nil`: as fast as possible.
    var rate: Double?
    /// Requests that are due together.
    var burst: UInt64?
    var tail: Tail?
    /// The first item is so many times as long as the others.
    var slowHead: UInt64?
    /// Threads that request from one producer; `nil`: the subject's one requester.
    var callers: Int?
    /// Producers on one pool; `nil`: the subject's one.
    var producers: Int?
    /// The first item lasts until all others are finished.
    var drain = false
    var warmUpItems: UInt64 = 5000

    /// Every so many items one is so many times as long as the others.
    struct Tail: Codable, Sendable, Equatable {
        var every: UInt64
        var times: UInt64
    }

    /// The pass before the measured one: threads started, memory touched, code paged in.
    var warmUp: Job {
        var job = self
        job.items = min(items, warmUpItems)
        job.steps = 0
        job.rate = nil
        job.burst = nil
        return job
    }

    /// The steps of all items together.
    var totalSteps: Double {
        let long = tail.map { Double(items / $0.every) * Double($0.times - 1) } ?? 0
        let head = slowHead.map { Double($0) - 1 } ?? 0
        return (Double(items) + long + head) * Double(steps)
    }

    /// The steps of item `index`.
    @inline(__always) func steps(of index: UInt64) -> UInt64 {
        if let tail, index % tail.every == tail.every - 1 { return steps * tail.times }
        if let slowHead, index == 0 { return steps * slowHead }
        return steps
    }

    /// The same for the C side, which writes latencies to `latencies`.
    func forC(latencies: UnsafeMutablePointer<Int64>?) -> bench_job {
        unsafe bench_job(
            items: items, steps: steps, workers: UInt32(workers), window: UInt64(window), rate: rate ?? 0,
            latencies: latencies, burst: burst ?? 0, tail_every: tail?.every ?? 0, tail_times: tail?.times ?? 0,
            slow_head: slowHead ?? 0, callers: UInt32(callers ?? 0), producers: UInt32(producers ?? 0), drain: drain,
            warm_up: warmUpItems)
    }
}

extension Job {
    /// The options of the subject-process protocol; the last three are for subjects of this program only.
    func arguments(expecting checksum: UInt64, latencies: String?) -> [String] {
        var words = [
            "--items", "\(items)", "--steps", "\(steps)", "--workers", "\(workers)", "--window", "\(window)",
            "--expect", String(checksum, radix: 16),
        ]
        if let tail { words += ["--tail", "\(tail.every),\(tail.times)"] }
        if let slowHead { words += ["--slow-head", "\(slowHead)"] }
        if let rate { words += ["--rate", rate == rate.rounded() ? "\(Int(rate))" : "\(rate)"] }
        if let burst { words += ["--burst", "\(burst)"] }
        if let latencies { words += ["--latencies", latencies] }
        if let callers { words += ["--callers", "\(callers)"] }
        if let producers { words += ["--producers", "\(producers)"] }
        if drain { words.append("--drain") }
        return words
    }
}
