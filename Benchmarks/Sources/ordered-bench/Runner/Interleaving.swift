// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import Foundation

/// Runs subjects in turn, A B C A B C, so that a disturbance or a change of clock speed meets all of them alike.
struct Interleaving {
    let subjects: [any Subject]
    let scenarios: [Scenario]
    let rounds: Int
    let quick: Bool
    let shape: ShapeOptions
    let executable: URL

    /// Cores that others may use while a measurement counts as undisturbed.
    static let quietEnough = 0.05
    private static let attempts = 3
    /// Seconds that a measurement may take: longer means that the subject hangs.
    private static let patience = 120

    /// Calls `progress` before each measurement.
    func run(progress: (String) -> Void) throws -> [Measurement] {
        let stepsPerMicrosecond = bench_steps_per_microsecond()
        var measurements: [Measurement] = []
        for scenario in scenarios {
            let items = scenario.items(rate: shape.rate, quick: quick)
            let steps = scenario.steps(perMicrosecond: stepsPerMicrosecond)
            let expected = String(bench_expected_checksum(items, steps), radix: 16)
            let participants = subjects.filter { $0.kinds.contains(scenario.kind) }
            for round in 1...rounds {
                for subject in participants {
                    progress("\(scenario.name): \(subject.name), run \(round) of \(rounds)")
                    let child = Child(
                        executable: executable,
                        arguments: [
                            "run", "--subject", subject.name, "--scenario", scenario.name, "--items", "\(items)",
                            "--steps", "\(steps)", "--expect", expected, "--workers", "\(shape.workers)",
                            "--window", "\(shape.window)", "--rate", "\(shape.rate)",
                            "--give-up-after", "\(Self.patience)",
                        ])
                    measurements.append(try measure(child))
                }
            }
        }
        return measurements
    }

    /// Repeats a disturbed measurement a few times, then keeps the last one; the report marks it.
    private func measure(_ child: Child) throws -> Measurement {
        var measurement = try child.measure()
        if quick {
            measurement.otherLoad = nil  // too short to tell
        }
        for attempt in 1..<Self.attempts where !measurement.isQuiet {
            Thread.sleep(forTimeInterval: 0.5 * Double(attempt))
            measurement = try child.measure()
        }
        return measurement
    }
}

extension Measurement {
    /// Whether others left the machine alone meanwhile.
    var isQuiet: Bool { (otherLoad ?? 0) <= Interleaving.quietEnough }
}
