// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// What one pass took, and whether its results were right.
struct Outcome: Sendable {
    var seconds: Double
    var cpuSeconds: Double
    var contextSwitches: UInt64
    var received: UInt64
    var checksum: UInt64
    /// `nil` where nothing counts them.
    var allocations: Int64?
    var workerWakes: UInt64
    var consumerWakes: UInt64
    var callerWakes: UInt64
    /// Items that the consumer ran itself.
    var assisted: UInt64
    /// Of several callers or producers: what the slowest had done when the first was through.
    var worstShare: Double?
    /// From the end of a slow head to the last delivery, and the items that had been finished behind it.
    var drainSeconds: Double?
    var behindHead: UInt64?
    /// Nanoseconds from the intended time of a request to its delivery, in order; empty where requests are not paced.
    var latencies: [Int64]

    init(_ outcome: bench_outcome, latencies: [Int64]) {
        seconds = outcome.seconds
        cpuSeconds = outcome.cpu_seconds
        contextSwitches = outcome.context_switches
        received = outcome.received
        checksum = outcome.checksum
        allocations = outcome.allocations < 0 ? nil : outcome.allocations
        workerWakes = outcome.worker_wakes
        consumerWakes = outcome.consumer_wakes
        callerWakes = outcome.caller_wakes
        assisted = outcome.assisted
        worstShare = outcome.worst_share > 0 ? outcome.worst_share : nil
        drainSeconds = outcome.behind_head > 0 ? outcome.drain_seconds : nil
        behindHead = outcome.behind_head > 0 ? outcome.behind_head : nil
        self.latencies = latencies
    }

    mutating func note(_ statistics: ProducerStatistics) {
        workerWakes = statistics.workerWakes
        consumerWakes = statistics.consumerWakes
        assisted = statistics.assisted
    }

    /// Throws unless exactly the items of `job` arrived, in order and right.
    func verify(_ job: Job, expected: UInt64) throws(BenchError) {
        guard received == job.items else { throw .missing(received: received, of: job.items) }
        guard checksum == expected else { throw .wrongChecksum(checksum, expected: expected) }
    }
}
