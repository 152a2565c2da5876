// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Counts allocations per item, in runs of their own with the allocation counter preloaded.
struct Allocations {
    /// The path of the library that counts.
    let counter: String
    let items: UInt64
    let shape: Shape
    let measurer: Measurer

    func count(_ participants: [Participant]) -> [Report.AllocationRow] {
        participants.map { participant in
            let scenario = Scenario("trivial", .trivial)
            let job = scenario.job(items: items, stepsPerMicrosecond: 1, shape: shape)
            var row = Report.AllocationRow(subject: participant.name, items: items)
            do {
                let answer = try measurer.once(
                    participant, job, expected: job.expectedChecksum(), environment: ["LD_PRELOAD": counter])
                guard let counted = answer.result.allocations else {
                    throw BenchError.child("the allocation counter was not loaded")
                }
                row.allocationsPerItem = Double(counted) / Double(items)
            } catch {
                row.failure = "\(error)"
            }
            return row
        }
    }
}
