// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// Reads blocks in the calling thread, compresses them side by side on the pool, writes them in order in a thread of
/// its own. Buffers and compressors stay for the next input.
final class CompressionPipeline {
    /// What became of one input.
    struct Outcome {
        var bytesRead = 0
        var bytesWritten = 0
        var statistics: ProducerStatistics
    }

    let plan: WorkPlan
    let buffers: BufferPool
    private let compressors: CompressorPool
    private let pool: WorkerPool
    private let trace: OrderedTrace?

    init(plan: WorkPlan, trace: OrderedTrace? = nil) throws {
        self.plan = plan
        self.trace = trace
        buffers = BufferPool(capacity: plan.bufferCapacity)
        compressors = CompressorPool(level: plan.level)
        var configuration = WorkerPool.Configuration()
        configuration.threads = plan.threads
        configuration.name = "compress"
        pool = try WorkerPool(configuration)
    }

    /// Compresses all of `input` into `output`. When this returns or throws, no thread touches either any more.
    func run(from input: InputFile, to output: OutputFile, header: [UInt8], progress: Progress?) throws -> Outcome {
        let followingHeader = GzipMember.header(level: plan.level)
        var reader = BlockReader(
            input: input, blockSize: plan.blockSize, buffers: buffers, header: header, followingHeader: followingHeader
        )
        let producer = try makeProducer()
        let writer = MemberWriter(output: output, buffers: buffers, progress: progress)
        try producer.start { members in try writer.write(members) }
        do {
            // nil: the writer has failed, which stop() reports.
            while let block = try reader.next(), try producer.produce(block) != nil {}
        } catch {
            producer.stopProducing()
            // What went wrong first is what the user is told; here the only point is to wait for the writer.
            _ = try? producer.stop()
            throw error
        }
        let written: Int?
        do {
            written = try producer.stop()
        } catch let failure as ItemFailure {
            throw failure.underlying
        }
        return Outcome(bytesRead: input.bytesRead, bytesWritten: written ?? 0, statistics: producer.statistics)
    }

    private func makeProducer() throws -> OrderedTransform<Block, CompressedBlock, Int> {
        var configuration = ProducerConfiguration(window: plan.window)
        // Whoever runs them, worker or helping reader or writer: no more than this many blocks are compressed at once.
        configuration.width = plan.threads
        configuration.name = "writer"
        configuration.trace = trace
        return try OrderedTransform(pool: pool, configuration: configuration) { [buffers, compressors] block in
            let compressed = try buffers.take()
            try compressors.withCompressor {
                try $0.compress(block.buffer, header: block.header, into: compressed)
            }
            let inputCount = block.buffer.count
            buffers.recycle(block.buffer)
            return CompressedBlock(buffer: compressed, inputCount: inputCount)
        }
    }
}
