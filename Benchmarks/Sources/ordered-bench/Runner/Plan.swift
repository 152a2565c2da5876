// SPDX-License-Identifier: Apache-2.0

/// Who is measured when: scenario by scenario, and in each one the participants in turn, A B C A B C, so that a
/// disturbance or a change of clock speed meets all of them alike.
struct Plan: Sendable {
    var participants: [Participant]
    var scenarios: [Scenario]
    var repetitions: Int
    /// The participants were named one by one: all of them take part wherever they can.
    var areNamed = false

    struct Step: Sendable, Equatable {
        var participant: String
        var scenario: Scenario
        var repetition: Int
    }

    /// At least 1; fewer where others around a scenario tell the same.
    func repetitions(of scenario: Scenario) -> Int {
        Catalogue.isSecondary(scenario) ? max(1, (repetitions + 1) / 2) : repetitions
    }

    /// Those that have something to show there, and whose part others do not show already.
    func participants(in scenario: Scenario) -> [Participant] {
        participants.filter { participant in
            guard participant.kinds.contains(scenario.kind) else { return false }
            if areNamed { return true }
            switch scenario.kind {
            case .window, .workers: return Self.seriesFaces.contains(participant.name)
            default: return !Self.isLeftOut(participant.name, of: scenario)
            }
        }
    }

    func steps(of scenario: Scenario) -> [Step] {
        let names = participants(in: scenario).map(\.name)
        return (1...repetitions(of: scenario)).flatMap { repetition in
            names.map { Step(participant: $0, scenario: scenario, repetition: repetition) }
        }
    }

    /// Faces whose neighbours tell enough, but for the scenarios that everybody looks at.
    static let minorFaces: Set = ["transform-sink", "closure-sink", "closure-async", "async-sink", "async-async"]
    static let everybody: Set = ["trivial", "1us", "10us", "paced-10000"]
    static let seriesFaces: Set = ["c-thread", "c-sink", "transform-thread", "closure-thread", "taskgroup"]

    static func isLeftOut(_ name: String, of scenario: Scenario) -> Bool {
        minorFaces.contains(name) && !everybody.contains(scenario.name)
    }

    /// The curve of efficiency is for the main faces and the best peers.
    static let sweptFaces: Set = ["serial", "c-thread", "c-sink", "transform-thread", "closure-thread", "taskgroup"]
    static let sweptPeers = 5
}
