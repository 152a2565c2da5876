// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
internal import Glibc

/// What comes with Swift and its server libraries for making items side by side and receiving them in order.
@main
struct SwiftPeers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swift-peers",
        abstract: "Measures one pass of one subject, in this process.",
        subcommands: [ListCommand.self, PassCommand.self],
        defaultSubcommand: PassCommand.self
    )

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            // The parser's own status for bad arguments is 64, that of all peers is 2.
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if !text.isEmpty { printToError(text) }
            Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }
}

/// Prints the names of the subjects.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the subjects: name, whether it can be paced, summary.")

    func run() {
        for subject in allSubjects { print("\(subject.name)\tpaced\t\(subject.summary)") }
    }
}
