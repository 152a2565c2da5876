// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct NIOBench: AsyncParsableCommand {
    #if NIO
        static let configuration = CommandConfiguration(
            commandName: "nio-bench",
            abstract: "OrderedProducerNIO beside SwiftNIO alone: each command prints a Markdown table.",
            subcommands: [PipelineCommand.self, DeliveryCommand.self, MemoryCommand.self, FairnessCommand.self])
    #else
        static let configuration = CommandConfiguration(commandName: "nio-bench")

        func run() async throws {
            throw ValidationError("built without SwiftNIO; build it with --traits NIO, as Scripts/bench-nio does")
        }
    #endif
}
