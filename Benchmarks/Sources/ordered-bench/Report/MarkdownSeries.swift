// SPDX-License-Identifier: Apache-2.0

extension Report {
    /// Scenarios that differ in one number, and the title of their common table.
    var series: [(title: String, scenarios: [String])] {
        let titles: [(Scenario.Kind, String)] = [
            (.callers, "Callers on one producer"), (.producers, "Producers on one pool"),
            (.window, "Window sizes"), (.workers, "Pool sizes"),
        ]
        var measured: [String] = []
        for summary in summaries where !measured.contains(summary.scenario) { measured.append(summary.scenario) }
        return titles.flatMap { kind, title in
            let own = measured.filter { Scenario(argument: $0)?.kind == kind }
            let works = own.compactMap { Scenario(argument: $0)?.work }.reduce(into: [Work]()) { works, work in
                if !works.contains(work) { works.append(work) }
            }
            return works.map { work in
                (
                    "\(title), \(work == .none ? "trivial items" : "items of \(work)"): ns/item",
                    own.filter { Scenario(argument: $0)?.work == work }
                )
            }
        }
    }

    /// A row each subject, a column each scenario; where there are several callers or producers also what the slowest
    /// had done when the first was through.
    func seriesTable(_ scenarios: [String]) -> [String] {
        let subjects = participants.map(\.name).filter { name in
            summaries.contains { $0.subject == name && scenarios.contains($0.scenario) }
        }
        let rows = subjects.map { subject in
            ["`\(subject)`"]
                + scenarios.map { scenario in
                    guard let summary = summary(subject, in: scenario) else { return "" }
                    guard let time = summary.nanosecondsPerItem else { return "failed: \(summary.failure ?? "")" }
                    let share = summary.worstShare.map { "; slowest \(Table.percent($0.median))" } ?? ""
                    return Table.spread(time) + (summary.disturbedRuns > 0 ? " ~" : "") + share
                }
        }
        return Table.lines([""] + scenarios.compactMap(number), rows)
    }

    private func number(_ name: String) -> String? {
        guard let scenario = Scenario(argument: name) else { return nil }
        return (scenario.callers ?? scenario.producers ?? scenario.workers ?? scenario.window).map(String.init)
    }

    func granularityTable() -> [String] {
        let rows = granularities.map { row in
            [
                "`\(row.subject)`", row.half.map { Table.figure($0 / 1000) } ?? "not seen",
                row.ninetyPercent.map { Table.figure($0 / 1000) } ?? "not seen",
            ]
        }
        return ["The least work in an item, in µs, with which so much of \(cores) cores' time goes into items.", ""]
            + Table.lines(["subject", "50 %", "90 %"], rows)
    }

    func allocationTable() -> [String] {
        ["Counted by an interposed malloc in a run of its own, from the first request to the end.", ""]
            + Table.lines(
                ["subject", "allocations/item", "items"],
                allocations.map { row in
                    [
                        "`\(row.subject)`",
                        row.allocationsPerItem.map { Table.number($0, 4) } ?? "failed: \(row.failure ?? "")",
                        "\(row.items)",
                    ]
                })
    }
}
