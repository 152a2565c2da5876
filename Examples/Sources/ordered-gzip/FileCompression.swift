// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What happens to one operand of the command line, from its name to the removal of the original.
struct FileCompression {
    let pipeline: CompressionPipeline
    let options: Options

    struct Options {
        var toStandardOutput = false
        var keep = false
        var force = false
        var stats = false
    }

    /// `operand` is a path, or `-` for standard input, which is compressed to standard output.
    func run(_ operand: String) throws {
        if operand == "-" {
            try copy(InputFile.standardInput(), header: GzipMember.header(level: pipeline.plan.level))
        } else if options.toStandardOutput {
            let input = try InputFile.open(operand, for: .copy)
            try copy(input, header: header(for: input, operand))
        } else {
            try replace(operand)
        }
    }

    private func copy(_ input: InputFile, header: [UInt8]) throws {
        let output = try OutputFile.standardOutput(force: options.force)
        try compress(input, into: output, header: header)
    }

    private func replace(_ path: String) throws {
        if let suffix = FileName.compressedSuffix(of: path), !options.force {
            throw Failure(subject: path, cause: "already has \(suffix) suffix -- unchanged", status: .warning)
        }
        let input = try InputFile.open(path, for: options.force ? .replaceForced : .replace)
        let output = try OutputFile.create(path + FileName.suffix, force: options.force)
        try compress(input, into: output, header: header(for: input, path))
        if !options.keep { try input.removeOriginal() }
    }

    private func header(for input: InputFile, _ path: String) -> [UInt8] {
        GzipMember.header(
            level: pipeline.plan.level, name: FileName.lastComponent(of: path), modified: input.status.st_mtim.tv_sec
        )
    }

    private func compress(_ input: InputFile, into output: OutputFile, header: [UInt8]) throws {
        let start = ContinuousClock.now
        let progress = Progress.isWanted ? Progress(name: input.name, total: input.size) : nil
        let outcome: CompressionPipeline.Outcome
        do {
            defer { progress?.clear() }
            outcome = try pipeline.run(from: input, to: output, header: header, progress: progress)
        } catch {
            output.discard()
            throw error
        }
        try output.commit(attributesOf: input.status)
        guard options.stats else { return }
        let elapsed = ContinuousClock.now - start
        Diagnostics.write(
            StatsReport(name: input.name, outcome: outcome, plan: pipeline.plan, elapsed: elapsed).description
        )
    }
}
