// SPDX-License-Identifier: Apache-2.0

/// A figure over repeated runs.
struct Spread: Codable, Sendable, Equatable {
    var median: Double
    var lowest: Double
    var highest: Double

    /// Of at least one value.
    init(_ values: [Double]) {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        lowest = sorted[0]
        highest = sorted[sorted.count - 1]
    }

    init?(_ values: [Double?]) {
        let known = values.compactMap(\.self)
        guard !known.isEmpty else { return nil }
        self.init(known)
    }
}

/// What the runs of one participant in one scenario say.
struct Summary: Codable, Sendable {
    var subject: String
    var scenario: String
    var runs: Int
    /// Runs during which others used the machine, in spite of repetition.
    var disturbedRuns: Int
    /// Of the last run.
    var items: UInt64
    /// Steps of the work loop of an average item.
    var stepsPerItem: Double
    var nanosecondsPerItem: Spread?
    var cpuNanosecondsPerItem: Spread?
    var contextSwitchesPerItem: Spread?
    var wakesPerItem: Spread?
    var peakMemoryKiB: Spread?
    var worstShare: Spread?
    var p50: Spread?
    var p90: Spread?
    var p99: Spread?
    var p999: Spread?
    /// Of the latencies of all runs together.
    var latency: Latency?
    var latencyCurve: [Latency.CurvePoint]?
    /// The share of the cores' time that went into items; of scenarios with work.
    var efficiency: Double?
    var failure: String?

    /// Of at least one measurement of the same participant and scenario, and the latencies of them all.
    init(_ measurements: [Measurement], latencies: [Int64] = []) {
        func spread(_ value: (Measurement) -> Double?) -> Spread? { Spread(measurements.map(value)) }
        func percentile(_ path: KeyPath<Latency, UInt64>) -> Spread? {
            spread { $0.latency.map { Double($0[keyPath: path]) } }
        }
        let last = measurements[measurements.count - 1]
        subject = last.subject
        scenario = last.scenario
        runs = measurements.count { $0.result != nil }
        disturbedRuns = measurements.count { $0.result != nil && !$0.isQuiet }
        items = last.job.items
        stepsPerItem = last.job.totalSteps / Double(last.job.items)
        nanosecondsPerItem = spread(\.nanosecondsPerItem)
        cpuNanosecondsPerItem = spread(\.cpuNanosecondsPerItem)
        contextSwitchesPerItem = spread(\.contextSwitchesPerItem)
        wakesPerItem = spread(\.wakesPerItem)
        peakMemoryKiB = spread { $0.result?.peakMemoryKiB.map { Double($0) } }
        worstShare = spread { $0.result?.worstShare }
        p50 = percentile(\.p50)
        p90 = percentile(\.p90)
        p99 = percentile(\.p99)
        p999 = percentile(\.p999)
        latency = latencies.isEmpty ? nil : Latency(latencies)
        latencyCurve = latencies.isEmpty ? nil : Latency.curve(latencies)
        failure = measurements.lazy.compactMap(\.failure).first
    }
}
