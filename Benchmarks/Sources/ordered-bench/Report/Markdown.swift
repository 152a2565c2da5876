// SPDX-License-Identifier: Apache-2.0
internal import Foundation

extension Report {
    /// The tables that a person reads: medians, the lowest and the highest run in brackets.
    func markdown() -> String {
        var lines: [String] = [
            "Measured \(machine.date) on \(machine.processor), \(machine.processors) processors, \(machine.kernel);",
            machine.versions.joined(separator: "; ") + ".",
            "Medians of \(rounds) interleaved runs (lowest–highest); \(workers) workers, window \(window).",
            quick ? "A quick run: it shows that everything works; the figures mean nothing." : nil,
            summaries.contains { $0.disturbedRuns > 0 } ? "`~`: others used the machine during some of the runs." : nil,
        ].compactMap(\.self)
        for scenario in scenarioNames {
            lines += ["", "### \(title(scenario))", ""]
            let isPaced = summaries.contains { $0.scenario == scenario && $0.p50 != nil }
            lines += isPaced ? latencyTable(scenario) : throughputTable(scenario)
        }
        lines += ["", "Subjects:", ""]
        lines += allSubjects.filter { subject in summaries.contains { $0.subject == subject.name } }
            .map { "- `\($0.name)`: \($0.summary)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private var scenarioNames: [String] {
        summaries.reduce(into: []) { names, summary in
            if !names.contains(summary.scenario) { names.append(summary.scenario) }
        }
    }

    private func title(_ scenario: String) -> String {
        switch scenario {
        case "latency": "Latency at \(Int(rate)) trivial items a second, from the intended time of the request"
        case "trivial": "Trivial items"
        default: "Items of \(scenario)"
        }
    }

    /// Efficiency is the share of the cores' time that went into items: serial time / (cores × time). It says nothing
    /// where an item is shorter than its hand-over; there the ring between two threads is the measure.
    private func throughputTable(_ scenario: String) -> [String] {
        let serial = summary("serial", in: scenario)?.nanosecondsPerItem.median
        let ring = summary("spsc-spinning", in: scenario)?.nanosecondsPerItem.median
        let isTrivial = scenario == "trivial"
        let measure = isTrivial ? "× SPSC ring" : "efficiency, \(cores) cores"
        let rows = summaries.filter { $0.scenario == scenario }.map { summary in
            let time = summary.nanosecondsPerItem
            let relative =
                isTrivial
                ? ring.map { format(time.median / $0, 2) }
                : serial.map { format(100 * $0 / (Double(cores) * time.median), 1) + " %" }
            return [
                name(summary), spread(time, 1), relative ?? "", spread(summary.cpuNanosecondsPerItem, 1),
                format(summary.contextSwitchesPerItem.median, 4),
            ]
        }
        return table(["subject", "ns/item", measure, "CPU ns/item", "context switches/item"], rows)
    }

    private func latencyTable(_ scenario: String) -> [String] {
        let ring = summary("spsc-parked", in: scenario)?.p50?.median
        let rows = summaries.filter { $0.scenario == scenario }.map { summary in
            let relative = summary.p50.flatMap { p50 in ring.map { format(p50.median / $0, 2) } }
            return [name(summary)] + [summary.p50, summary.p99, summary.p999].map(microseconds)
                + [
                    relative ?? "", format(summary.cpuNanosecondsPerItem.median / 1000, 1),
                    format(summary.contextSwitchesPerItem.median, 2),
                ]
        }
        return table(
            ["subject", "p50 µs", "p99 µs", "p99.9 µs", "p50 × parked SPSC", "CPU µs/item", "context switches/item"],
            rows)
    }

    private func name(_ summary: Summary) -> String {
        "`\(summary.subject)`" + (summary.disturbedRuns > 0 ? " ~" : "")
    }

    private func microseconds(_ spread: Spread?) -> String {
        guard let spread else { return "" }
        return "\(format(spread.median / 1000, 1)) "
            + "(\(format(spread.lowest / 1000, 1))–\(format(spread.highest / 1000, 1)))"
    }

    private func spread(_ spread: Spread, _ digits: Int) -> String {
        "\(format(spread.median, digits)) (\(format(spread.lowest, digits))–\(format(spread.highest, digits)))"
    }

    private func table(_ head: [String], _ rows: [[String]]) -> [String] {
        ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
    }
}

private func format(_ value: Double, _ digits: Int) -> String {
    value.formatted(
        .number.precision(.fractionLength(digits)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
}
