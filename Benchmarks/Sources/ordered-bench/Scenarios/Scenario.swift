// SPDX-License-Identifier: Apache-2.0

/// A question that subjects answer: how long an item's work is, who requests how fast, with what window and pool.
struct Scenario: Sendable, Hashable {
    let name: String
    var kind: Kind
    var work = Work.none
    var tail: [UInt64] = []
    /// Nanoseconds that the first item takes.
    var head: Double?
    var rate: Double?
    var burst: UInt64?
    var callers: Int?
    var producers: Int?
    var workers: Int?
    var window: Int?

    /// What a scenario is about, so that it is known who takes part and which table it makes.
    enum Kind: String, Sendable, Codable {
        case trivial, work, uneven, drain, paced, callers, producers, window, workers
    }

    var isPaced: Bool { kind == .paced }

    init(_ name: String, _ kind: Kind, work: Work = .none) {
        self.name = name
        self.kind = kind
        self.work = work
    }

    /// The work of an average item, in nanoseconds, one slow head apart.
    var meanWork: Double {
        tail.isEmpty ? work.nanoseconds : work.nanoseconds * Double(tail[0] - 1 + tail[1]) / Double(tail[0])
    }

    /// The job of `items` items; what the scenario leaves open comes from `shape`.
    func job(items: UInt64, stepsPerMicrosecond: Double, shape: Shape) -> Job {
        var job = Job(
            items: items, steps: work.steps(perMicrosecond: stepsPerMicrosecond), workers: workers ?? shape.workers,
            window: window ?? shape.window)
        job.rate = rate
        job.burst = burst
        job.tail = tail.isEmpty ? nil : Job.Tail(every: tail[0], times: tail[1])
        job.slowHead = head.map { max(2, UInt64(($0 / max(work.nanoseconds, 1)).rounded())) }
        job.callers = callers
        job.producers = producers
        job.drain = kind == .drain
        let groups = UInt64(callers ?? producers ?? 1)
        job.items = max(groups, items - items % groups)
        return job
    }
}

/// The shape of a production where a scenario does not fix it.
struct Shape: Sendable, Codable, Equatable {
    var workers = 2
    var window = 1024
}
