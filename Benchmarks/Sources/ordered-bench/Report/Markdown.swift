// SPDX-License-Identifier: Apache-2.0
internal import Foundation

extension Report {
    /// The tables that a person reads: medians, the lowest and the highest run in brackets.
    func markdown() -> String {
        var lines = head()
        for kind in scenarioNames {
            lines += ["", "### \(title(kind))", ""] + table(of: kind)
        }
        for (title, scenarios) in series { lines += ["", "### \(title)", ""] + seriesTable(scenarios) }
        if !granularities.isEmpty { lines += ["", "### How long an item must be", ""] + granularityTable() }
        if !allocations.isEmpty { lines += ["", "### Allocations per item", ""] + allocationTable() }
        lines += ["", "Subjects:", ""]
        lines += participants.filter { participant in summaries.contains { $0.subject == participant.name } }
            .map { "- `\($0.name)`: \($0.summary)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func head() -> [String] {
        [
            "Measured \(machine.date) on \(machine.processor), \(machine.processors) processors, \(machine.kernel);",
            (machine.versions + (peerVersions.map { $0.split(separator: "\n").map(String.init) } ?? []))
                .joined(separator: "; ") + ".",
            "Medians of up to \(repetitions) interleaved runs of some \(Table.number(seconds, 1)) s (lowest–highest); "
                + "\(shape.workers) workers and window \(shape.window) where nothing else is said.",
            smoke ? "A smoke run: it shows that everything works; the figures mean nothing." : nil,
            summaries.contains { $0.disturbedRuns > 0 } ? "`~`: others used the machine during some of the runs." : nil,
            peersNote,
        ].compactMap(\.self)
    }

    /// Scenarios that have a table each; a series has one for all.
    private var scenarioNames: [String] {
        summaries.reduce(into: []) { names, summary in
            if !isInSeries(summary.scenario), !names.contains(summary.scenario) { names.append(summary.scenario) }
        }
    }

    private func isInSeries(_ name: String) -> Bool {
        guard let scenario = Scenario(argument: name) else { return false }
        return Catalogue.sweep.contains(scenario) || [.callers, .producers, .window, .workers].contains(scenario.kind)
    }

    private func title(_ name: String) -> String {
        guard let scenario = Scenario(argument: name) else { return name }
        switch scenario.kind {
        case .trivial: return "Trivial items"
        case .work: return "Items of \(name)"
        case .uneven where scenario.head != nil: return "One slow head: 20 ms, then items of 1 µs"
        case .uneven: return "Heavy tail: every 64th item 50 times as long as \(scenario.work)"
        case .drain: return "A million items finished behind one slow head: their delivery, from its end on"
        default: break
        }
        let rate = Int(scenario.rate ?? 0)
        return scenario.burst.map { "Latency of bursts of \($0) trivial items, \(rate) items a second" }
            ?? "Latency at \(rate) trivial items a second, from the intended time of the request"
    }

    private func table(of name: String) -> [String] {
        guard let scenario = Scenario(argument: name) else { return [] }
        let rows = summaries.filter { $0.scenario == name }
        return scenario.isPaced ? latencyTable(rows, name) : throughputTable(rows, scenario)
    }

    /// Trivial items are compared with a ring between two threads, all others with what the cores could do if each had
    /// the serial loop's speed, and with what threads that share nothing do on them.
    private func throughputTable(_ rows: [Summary], _ scenario: Scenario) -> [String] {
        let ring = summary("spsc-spinning", in: scenario.name)?.nanosecondsPerItem?.median
        let limit = summary("independent", in: scenario.name)?.nanosecondsPerItem?.median
        let comparesRing = scenario.kind == .trivial
        let comparison =
            switch scenario.kind {
            case .trivial: ["× SPSC ring"]
            case .drain: [String]()
            default: ["efficiency, \(cores) cores", "of independent threads"]
            }
        let head =
            ["subject", "ns/item"] + comparison + ["CPU ns/item", "switches/item", "wakes/item", "peak MiB"]
        return Table.lines(
            head,
            rows.map { row in
                guard let time = row.nanosecondsPerItem else { return failed(row, columns: head.count) }
                let ratio = ring.map { Table.number(time.median / $0, 2) } ?? ""
                let shares = [Table.percent(row.efficiency), Table.percent(limit.map { $0 / time.median })]
                return [name(row), Table.spread(time)] + (comparesRing ? [ratio] : comparison.isEmpty ? [] : shares) + [
                    row.cpuNanosecondsPerItem.map { Table.figure($0.median) } ?? "",
                    Table.median(row.contextSwitchesPerItem, 4), Table.median(row.wakesPerItem, 4),
                    Table.median(row.peakMemoryKiB, 1, scale: 1024),
                ]
            })
    }

    private func latencyTable(_ rows: [Summary], _ name: String) -> [String] {
        let ring = summary("spsc-parked", in: name)?.p50?.median
        let head = [
            "subject", "p50 µs", "× parked SPSC", "p90", "p99", "p99.9", "p99.99", "max", "CPU µs/item",
            "switches/item", "wakes/item", "peak MiB",
        ]
        return Table.lines(
            head,
            rows.map { row in
                guard let p50 = row.p50 else { return failed(row, columns: head.count) }
                return [
                    self.name(row), Table.spread(p50, scale: 1000),
                    ring.map { Table.number(p50.median / $0, 2) } ?? "", Table.spread(row.p90, scale: 1000),
                    Table.spread(row.p99, scale: 1000), Table.spread(row.p999, scale: 1000),
                    row.latency.map { Table.figure(Double($0.p9999) / 1000) } ?? "",
                    row.latency.map { Table.figure(Double($0.max) / 1000) } ?? "",
                    Table.median(row.cpuNanosecondsPerItem, 1, scale: 1000),
                    Table.median(row.contextSwitchesPerItem, 2), Table.median(row.wakesPerItem, 2),
                    Table.median(row.peakMemoryKiB, 1, scale: 1024),
                ]
            })
    }

    private func failed(_ row: Summary, columns: Int) -> [String] {
        let reason = (row.failure ?? "no figure").replacing("|", with: "\\|").replacing("\n", with: " ")
        return [name(row), "failed: \(reason)"] + Array(repeating: "", count: columns - 2)
    }

    private func name(_ row: Summary) -> String {
        let isPeer = participants.first { $0.name == row.subject }?.isPeer ?? false
        return (isPeer ? row.subject : "`\(row.subject)`") + (row.disturbedRuns > 0 ? " ~" : "")
    }
}
