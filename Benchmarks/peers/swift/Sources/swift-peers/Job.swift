// SPDX-License-Identifier: Apache-2.0
internal import CBenchWork

/// One pass: how many items of what size, and how they are requested.
struct Job: Sendable {
    var items: Int
    var steps: UInt64
    var workers: Int
    var window: Int
    /// The last of every so many items is so many times as long.
    var tail: Tail?
    /// How many times as long the first item is.
    var slowHead: UInt64?
    /// How requests are paced; as fast as possible if nil.
    var pace: Pace?

    struct Tail: Sendable {
        var every: Int
        var times: UInt64
    }

    struct Pace: Sendable {
        var rate: Double
        var burst: Int

        /// When request `index` is due, in nanoseconds after the begin of the pass.
        func due(_ index: Int) -> Int64 {
            Int64(Double(index - index % burst) * (1e9 / rate))
        }
    }

    /// Items of no size, unpaced.
    func toWarmUp(items: Int) -> Job {
        Job(items: items, steps: 0, workers: workers, window: window)
    }

    /// Makes item `index`.
    @inline(__always) func item(_ index: Int) -> UInt64 {
        bench_work(UInt64(index), steps(of: index))
    }

    @inline(__always) private func steps(of index: Int) -> UInt64 {
        if index == 0, let slowHead { return steps * slowHead }
        if let tail, index % tail.every == tail.every - 1 { return steps * tail.times }
        return steps
    }
}
