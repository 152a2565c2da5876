// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
internal import Foundation

/// What ordered production costs, measured on the machine at hand.
@main
struct OrderedBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordered-bench",
        abstract: "Measures what producing items side by side and receiving them in order costs.",
        subcommands: [RunCommand.self, CompareCommand.self, SubjectCommand.self]
    )

    /// As usual, but with the exit statuses of the subject-process protocol for its command.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let isSubject = CommandLine.arguments.dropFirst().first == "subject"
            if isSubject, exitCode(for: error) == .validationFailure {
                FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
                Foundation.exit(2)
            }
            exit(withError: error)
        }
    }
}
