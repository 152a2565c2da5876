// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// The consumer: writes members as they arrive. Used by the producer's consumer thread alone between `start` and the
/// end of `stop`; hence unchecked.
final class MemberWriter: @unchecked Sendable {
    private let output: OutputFile
    private let buffers: BufferPool
    private let progress: Progress?

    init(output: OutputFile, buffers: BufferPool, progress: Progress?) {
        self.output = output
        self.buffers = buffers
        self.progress = progress
    }

    /// How many bytes were written.
    func write(_ members: some Sequence<CompressedBlock>) throws -> Int {
        var written = 0
        for member in members {
            try output.write(member.buffer)
            written += member.buffer.count
            buffers.recycle(member.buffer)
            progress?.advance(by: member.inputCount, written: written)
        }
        return written
    }
}
