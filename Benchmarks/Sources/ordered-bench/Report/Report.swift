// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A comparison's outcome, in full, as it is written to the JSON file.
struct Report: Codable, Sendable {
    var machine: Machine
    var shape: Shape
    var repetitions: Int
    var seconds: Double
    var smoke: Bool
    var stepsPerMicrosecond: Double?
    var participants: [Participant]
    /// Why there are no peers, where there are none.
    var peersNote: String?
    /// What builds the peers said of itself.
    var peerVersions: String?
    var summaries: [Summary]
    var granularities: [GranularityRow]
    var allocations: [AllocationRow]
    var measurements: [Measurement]

    /// How long items must be for half and for nine tenths of the cores' time to go into them, in nanoseconds.
    struct GranularityRow: Codable, Sendable {
        var subject: String
        var half: Double?
        var ninetyPercent: Double?
        var points: [Granularity.Point]
    }

    struct AllocationRow: Codable, Sendable {
        var subject: String
        var items: UInt64
        var allocationsPerItem: Double?
        var failure: String?
    }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    func summary(_ subject: String, in scenario: String) -> Summary? {
        summaries.first { $0.subject == subject && $0.scenario == scenario }
    }

    /// Processors that the items' work could use: no more than there are, and no more than the pool has threads.
    var cores: Int { min(machine.processors, shape.workers) }

    /// From all scenarios with even work, of those that were measured at several costs.
    static func granularities(_ summaries: [Summary]) -> [GranularityRow] {
        var order: [String] = []
        var points: [String: [Granularity.Point]] = [:]
        for summary in summaries {
            guard let scenario = Scenario(argument: summary.scenario), scenario.kind == .work,
                let efficiency = summary.efficiency, summary.subject != "serial"
            else { continue }
            if points[summary.subject] == nil { order.append(summary.subject) }
            points[summary.subject, default: []].append(
                Granularity.Point(work: scenario.work.nanoseconds, efficiency: efficiency))
        }
        return order.compactMap { subject in
            guard let own = points[subject], own.count >= 6 else { return nil }
            return GranularityRow(
                subject: subject, half: Granularity.work(reaching: 0.5, own),
                ninetyPercent: Granularity.work(reaching: 0.9, own), points: own.sorted { $0.work < $1.work })
        }
    }
}
