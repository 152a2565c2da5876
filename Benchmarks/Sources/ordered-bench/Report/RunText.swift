// SPDX-License-Identifier: Apache-2.0
internal import Foundation

extension Measurement {
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// One run, for a person.
    func text(_ summary: String) -> String {
        var rows = [
            ("subject", "\(subject): \(summary)"),
            (
                "scenario",
                "\(scenario): \(job.items) items, \(job.workers) workers, window \(job.window)"
                    + (job.rate.map { ", \(Table.figure($0)) a second" } ?? "")
            ),
        ]
        func add(_ name: String, _ value: Double?, _ unit: String, digits: Int? = nil) {
            guard let value else { return }
            rows.append((name, "\(digits.map { Table.number(value, $0) } ?? Table.figure(value)) \(unit)"))
        }
        add("time", nanosecondsPerItem, result?.drainSeconds == nil ? "ns/item" : "ns/item, from the head's end on")
        add("processor time", cpuNanosecondsPerItem, "ns/item")
        add("context switches", contextSwitchesPerItem, "an item", digits: 4)
        add("wakes", wakesPerItem, "an item", digits: 4)
        add("assisted", result?.assisted.map { 100 * Double($0) / Double(job.items) }, "% of the items", digits: 1)
        add("allocations", result?.allocations.map { Double($0) / Double(job.items) }, "an item", digits: 4)
        add("slowest", result?.worstShare.map { 100 * $0 }, "% of the first one's, when that was through", digits: 1)
        add("peak memory", result?.peakMemoryKiB.map { Double($0) / 1024 }, "MiB", digits: 1)
        if let latency {
            let percentiles: [(String, UInt64)] = [
                ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("p99.9", latency.p999),
                ("p99.99", latency.p9999), ("max", latency.max),
            ]
            for (name, value) in percentiles { add("latency \(name)", Double(value) / 1000, "µs") }
        }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { $0.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + $1 }.joined(separator: "\n")
    }
}
