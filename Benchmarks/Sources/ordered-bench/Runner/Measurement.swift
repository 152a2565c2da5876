// SPDX-License-Identifier: Apache-2.0
internal import Histogram

/// One measured pass as `ordered-bench run` prints it and `compare` collects it. A subject in another language that
/// prints the same can be compared too.
struct Measurement: Codable, Sendable {
    var subject: String
    var scenario: String
    var items: UInt64
    var workers: Int
    var window: Int
    var nanosecondsPerItem: Double
    var cpuNanosecondsPerItem: Double
    var contextSwitchesPerItem: Double
    var workerWakesPerItem: Double
    var consumerWakesPerItem: Double
    /// The share of items that the consumer ran itself.
    var assistedShare: Double
    /// KiB: the largest the process has been.
    var peakMemory: Int
    /// Where requests were paced.
    var latency: Latency?
    /// Cores that others used meanwhile, if known; above `Interleaving.quietEnough` the measurement is doubtful.
    var otherLoad: Double?

    /// Nanoseconds from the intended time of a request to its delivery.
    struct Latency: Codable, Sendable {
        var p50: UInt64
        var p90: UInt64
        var p99: UInt64
        var p999: UInt64
        var p9999: UInt64
        var max: UInt64
    }
}

extension Measurement {
    init(subject: String, scenario: Scenario, job: Job, outcome: Outcome, peakMemory: Int) {
        let items = Double(job.items)
        self.subject = subject
        self.scenario = scenario.name
        self.items = job.items
        workers = job.workers
        window = job.window
        nanosecondsPerItem = outcome.seconds * 1e9 / items
        cpuNanosecondsPerItem = outcome.cpuSeconds * 1e9 / items
        contextSwitchesPerItem = Double(outcome.contextSwitches) / items
        workerWakesPerItem = Double(outcome.workerWakes) / items
        consumerWakesPerItem = Double(outcome.consumerWakes) / items
        assistedShare = Double(outcome.assisted) / items
        self.peakMemory = peakMemory
        latency = outcome.latencies.isEmpty ? nil : Latency(outcome.latencies)
    }
}

extension Measurement.Latency {
    init(_ latencies: [Int64]) {
        var histogram = Histogram<UInt64>(
            highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
        for latency in latencies { histogram.record(UInt64(Swift.max(latency, 0))) }
        p50 = histogram.valueAtPercentile(50)
        p90 = histogram.valueAtPercentile(90)
        p99 = histogram.valueAtPercentile(99)
        p999 = histogram.valueAtPercentile(99.9)
        p9999 = histogram.valueAtPercentile(99.99)
        max = UInt64(Swift.max(latencies.max() ?? 0, 0))
    }
}
