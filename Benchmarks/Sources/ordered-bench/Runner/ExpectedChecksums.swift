// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import Dispatch

/// What jobs must give, made once for all participants with the same job, on all processors.
struct ExpectedChecksums {
    private var known: [Key: UInt64] = [:]

    /// What of a job the checksum depends on.
    private struct Key: Hashable {
        var numbers: [UInt64]

        init(_ job: Job) {
            numbers = [
                job.items, job.steps, job.tail?.every ?? 0, job.tail?.times ?? 0, job.slowHead ?? 0,
                UInt64(job.callers ?? 0), UInt64(job.producers ?? 0),
            ]
        }
    }

    mutating func expected(_ job: Job) -> UInt64 {
        let key = Key(job)
        if let checksum = known[key] { return checksum }
        let checksum = job.callers == nil && job.producers == nil ? Self.folded(job) : job.expectedChecksum()
        known[key] = checksum
        return checksum
    }

    /// The items made side by side, block by block, and folded in order.
    static func folded(_ job: Job) -> UInt64 {
        let block = 1 << 20
        let parts = 64
        var checksum = bench_fold_start()
        for first in stride(from: UInt64(0), to: job.items, by: block) {
            let count = Int(min(UInt64(block), job.items - first))
            let results = Results(count)
            let share = (count + parts - 1) / parts
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                for index in min(part * share, count)..<min((part + 1) * share, count) {
                    let item = first + UInt64(index)
                    results[index] = bench_work(item, job.steps(of: item))
                }
            }
            for index in 0..<count { checksum = bench_fold(checksum, results[index]) }
        }
        return checksum
    }
}

/// Written at disjoint places by several threads, read when they are done; hence no lock.
@safe private final class Results: @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<UInt64>

    init(_ count: Int) {
        unsafe memory = .allocate(capacity: count)
        unsafe memory.initialize(repeating: 0)
    }

    deinit { unsafe memory.deallocate() }

    subscript(index: Int) -> UInt64 {
        get { unsafe memory[index] }
        set { unsafe memory[index] = newValue }
    }
}
