// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// What ordered production costs, measured on the machine at hand.
@main
struct OrderedBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordered-bench",
        abstract: "Measures what producing items side by side and receiving them in order costs.",
        subcommands: [CompareCommand.self, RunCommand.self],
        defaultSubcommand: CompareCommand.self
    )
}
