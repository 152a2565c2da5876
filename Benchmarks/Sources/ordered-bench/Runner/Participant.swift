// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Who is measured: a program that speaks the subject-process protocol, this one among them.
struct Participant: Sendable, Codable, Equatable {
    var name: String
    var summary: String
    /// The program and what comes before the options.
    var command: [String]
    var isPeer: Bool
    /// Raw values of the kinds of scenario that it takes part in.
    var kinds: Set<Scenario.Kind>

    /// Every subject of ours, each in a process of its own.
    static func ours(executable: URL) -> [Participant] {
        allSubjects.map {
            Participant(
                name: $0.name, summary: $0.summary, command: [executable.path, "subject", $0.name], isPeer: false,
                kinds: $0.kinds)
        }
    }

    /// What peers take part in; the special scenarios are ours.
    static func kindsOfPeer(paced: Bool) -> Set<Scenario.Kind> {
        paced ? [.trivial, .work, .uneven, .paced] : [.trivial, .work, .uneven]
    }

    /// A list of peers: a line each of name, `paced` or `unpaced`, summary and program, separated by tabs. The name is
    /// also the program's first argument.
    static func peers(list text: String) throws -> [Participant] {
        try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, !fields[0].isEmpty, ["paced", "unpaced"].contains(fields[1]) else {
                throw BenchError.child("the list of peers has a line of another form: '\(line)'")
            }
            guard !fields[3].isEmpty else {
                throw BenchError.child("the list of peers names no program for '\(fields[0])'")
            }
            return Participant(
                name: fields[0], summary: fields[2], command: [fields[3], fields[0]], isPeer: true,
                kinds: kindsOfPeer(paced: fields[1] == "paced"))
        }
    }
}
