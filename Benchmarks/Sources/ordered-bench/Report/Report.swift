// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A comparison's outcome, in full, as it is written to the JSON file.
struct Report: Codable, Sendable {
    var machine: Machine
    var workers: Int
    var window: Int
    var rate: Double
    var rounds: Int
    var quick: Bool
    var summaries: [Summary]
    var measurements: [Measurement]

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }

    func summary(_ subject: String, in scenario: String) -> Summary? {
        summaries.first { $0.subject == subject && $0.scenario == scenario }
    }

    /// Processors that the items' work could use: no more than there are, and no more than the pool has threads.
    var cores: Int { min(machine.processors, workers) }
}
