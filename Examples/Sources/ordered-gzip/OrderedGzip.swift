// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CPartialOutput
import OrderedProducer

/// The command line.
@main
struct OrderedGzip: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordered-gzip",
        abstract: "Compresses files to gzip format, with several threads.",
        discussion: """
            Each FILE becomes FILE.gz, with its mode and time, and is removed. Without FILE, or where it is -, standard \
            input is compressed to standard output. What is written is one gzip stream that gunzip, zcat and pigz -d \
            read.

            The exit status is 0, 1 after an error, 2 where a file was left alone for what it is, 64 for a mistake on \
            the command line.
            """
    )

    // Were the last one to win, `-13` would silently mean `-1 -3`.
    @Flag(exclusivity: .exclusive, help: "From fastest to smallest.")
    var level: CompressionLevel = .standard

    @Option(
        name: .customShort("p", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("Compress this many blocks at once.", valueName: "threads")
    )
    var threads = WorkerPool.Configuration().threads

    @Option(
        name: .customShort("b", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("Compress blocks of this many KiB, each on its own.", valueName: "block-KiB")
    )
    var blockKiB = 512

    @Flag(name: [.customShort("c"), .customLong("stdout")], help: "Write to standard output, and keep the files.")
    var toStandardOutput = false

    @Flag(name: .shortAndLong, help: "Keep the files.")
    var keep = false

    @Flag(
        name: .shortAndLong,
        help: "Overwrite existing files, follow links, compress what is compressed, write to a terminal."
    )
    var force = false

    @Flag(help: "Report throughput, ratio and what held up the output, on standard error.")
    var stats = false

    @Option(
        help: ArgumentHelp(
            "Write a timeline of the blocks to this file, for ui.perfetto.dev or about:tracing.", valueName: "file")
    )
    var trace: String?

    @Argument(help: ArgumentHelp("What to compress; -: standard input.", valueName: "FILE"))
    var files: [String] = []

    func validate() throws {
        do {
            _ = try plan
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        Descriptor.reserveStandardStreams()
        partial_output_catch_signals()
        let timeline = trace.map { _ in OrderedTrace() }
        let compression = FileCompression(
            pipeline: try makePipeline(trace: timeline),
            options: .init(toStandardOutput: toStandardOutput, keep: keep, force: force, stats: stats)
        )
        var status = Failure.Status.success
        func attempt(_ step: () throws -> Void) {
            do {
                try step()
            } catch {
                Diagnostics.report(error)
                status = max(status, (error as? Failure)?.status ?? .error)
            }
        }
        for operand in files.isEmpty ? ["-"] : files { attempt { try compression.run(operand) } }
        attempt { try OutputFile.closeStandardOutput() }
        if let trace, let timeline { attempt { try timeline.write(to: trace) } }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    private var plan: WorkPlan {
        get throws { try WorkPlan(threads: threads, blockKiB: blockKiB, level: level) }
    }

    private func makePipeline(trace: OrderedTrace?) throws -> CompressionPipeline {
        do {
            return try CompressionPipeline(plan: plan, trace: trace)
        } catch {
            Diagnostics.report(Failure(subject: "cannot start \(threads) threads", cause: "\(error)"))
            throw ExitCode.failure
        }
    }
}
