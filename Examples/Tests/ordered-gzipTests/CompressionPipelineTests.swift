// SPDX-License-Identifier: Apache-2.0
import CPartialOutput
import Glibc
import Testing

@testable import ordered_gzip

/// One at a time: a process has one partial output.
@Suite(.serialized, .endsWithin(minutes: 5)) struct CompressionPipelineTests {
    private let folder = TemporaryFolder()

    private func plan(threads: Int, blockKiB: Int = 4) throws -> WorkPlan {
        try WorkPlan(threads: threads, blockKiB: blockKiB, level: .standard)
    }

    @Test(arguments: [1, 2, 5], [0, 1, 4095, 4096, 4097, 1_000_000])
    func streamHoldsTheInput(threads: Int, count: Int) throws {
        let content = Content.text.bytes(count)
        let pipeline = try CompressionPipeline(plan: plan(threads: threads))
        // Twice: buffers and compressors of the first input serve the second.
        for name in ["a", "b"] {
            let input = try InputFile.open(folder.write(content, to: name), for: .replace)
            let output = try OutputFile.create(folder.file("\(name).gz"), force: false)
            let header = GzipMember.header(level: .standard, name: name, modified: 7)
            let outcome = try pipeline.run(from: input, to: output, header: header, progress: nil)
            try output.commit(attributesOf: input.status)
            let stream = folder.read("\(name).gz")
            #expect(Fingerprint(inflate(stream, atMost: 4096)) == Fingerprint(content))
            #expect(stream.starts(with: header))
            #expect(outcome.bytesRead == count && outcome.bytesWritten == stream.count)
            #expect(outcome.statistics.delivered == UInt64(max(1, (count + 4095) / 4096)))
        }
        #expect(pipeline.buffers.allocated <= pipeline.plan.buffers)
    }

    @Test func readerFailureEndsIt() throws {
        let path = folder.write(Content.text.bytes(1_000_000), to: "f")
        let input = try InputFile.open(path, for: .replace)
        let output = try OutputFile.create(folder.file("f.gz"), force: false)
        truncate(path, 500_000)
        let pipeline = try CompressionPipeline(plan: plan(threads: 2))
        let failure = #expect(throws: Failure.self) {
            _ = try pipeline.run(from: input, to: output, header: [], progress: nil)
        }
        #expect(failure?.cause.hasPrefix("shrank") == true)
        output.discard()
        #expect(folder.names == ["f"])
    }
}
