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
    var workerWakes: UInt64
    var consumerWakes: UInt64
    var assisted: UInt64
    /// Nanoseconds from the intended time of a request to its delivery, in order; empty where requests are not paced.
    var latencies: [Int64]

    init(_ outcome: bench_outcome, latencies: [Int64]) {
        seconds = outcome.seconds
        cpuSeconds = outcome.cpu_seconds
        contextSwitches = outcome.context_switches
        received = outcome.received
        checksum = outcome.checksum
        workerWakes = outcome.worker_wakes
        consumerWakes = outcome.consumer_wakes
        assisted = outcome.assisted
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
