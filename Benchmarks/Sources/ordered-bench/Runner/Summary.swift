// SPDX-License-Identifier: Apache-2.0

/// A figure over repeated runs.
struct Spread: Codable, Sendable {
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
}

/// What the runs of one subject in one scenario say.
struct Summary: Codable, Sendable {
    var subject: String
    var scenario: String
    var runs: Int
    /// Runs during which others used the machine, in spite of repetition.
    var disturbedRuns: Int
    var nanosecondsPerItem: Spread
    var cpuNanosecondsPerItem: Spread
    var contextSwitchesPerItem: Spread
    var p50: Spread?
    var p99: Spread?
    var p999: Spread?

    /// Of at least one measurement of the same subject and scenario.
    init(_ measurements: [Measurement]) {
        func latency(_ percentile: KeyPath<Measurement.Latency, UInt64>) -> Spread? {
            let values = measurements.compactMap { $0.latency.map { Double($0[keyPath: percentile]) } }
            return values.isEmpty ? nil : Spread(values)
        }
        subject = measurements[0].subject
        scenario = measurements[0].scenario
        runs = measurements.count
        disturbedRuns = measurements.count { !$0.isQuiet }
        nanosecondsPerItem = Spread(measurements.map(\.nanosecondsPerItem))
        cpuNanosecondsPerItem = Spread(measurements.map(\.cpuNanosecondsPerItem))
        contextSwitchesPerItem = Spread(measurements.map(\.contextSwitchesPerItem))
        p50 = latency(\.p50)
        p99 = latency(\.p99)
        p999 = latency(\.p999)
    }

    /// One for each subject and scenario, in the order in which they were first measured.
    static func all(_ measurements: [Measurement]) -> [Summary] {
        var order: [[String]] = []
        var groups: [[String]: [Measurement]] = [:]
        for measurement in measurements {
            let key = [measurement.scenario, measurement.subject]
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(measurement)
        }
        return order.compactMap { groups[$0].map(Summary.init) }
    }
}
