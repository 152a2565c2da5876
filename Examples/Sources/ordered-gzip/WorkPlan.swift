// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How the work is divided, and what bounds its memory.
struct WorkPlan: Sendable, Equatable {
    static let threadRange = 1...4000
    static let blockKiBRange = 1...1_048_576

    let threads: Int
    /// Bytes of input per gzip member.
    let blockSize: Int
    let level: CompressionLevel

    /// Blocks that are read and not yet taken by the writer: one being compressed by each thread, one waiting for each
    /// so that none idles while the reader is woken, and one finished for each behind a slow head.
    var window: Int { 3 * threads }

    /// Buffers at most. Every block of the window holds one, raw or compressed, and a second one while it is being
    /// compressed, which `threads` are at a time; the reader fills one beyond the window and the writer writes one.
    var buffers: Int { window + threads + 2 }

    /// A buffer has room for the largest member that a block can become.
    var bufferCapacity: Int { BlockCompressor.bound(blockSize: blockSize) }

    var memory: Int { buffers * bufferCapacity }

    init(threads: Int, blockKiB: Int, level: CompressionLevel) throws(Impossible) {
        guard Self.threadRange.contains(threads) else {
            throw Impossible("-p \(threads): the number of threads must be from 1 to \(Self.threadRange.upperBound)")
        }
        guard Self.blockKiBRange.contains(blockKiB) else {
            throw Impossible("-b \(blockKiB): the block size must be from 1 to \(Self.blockKiBRange.upperBound) KiB")
        }
        self.threads = threads
        self.blockSize = blockKiB << 10
        self.level = level
        let installed = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        guard memory <= installed else {
            throw Impossible(
                "-p \(threads) with -b \(blockKiB) needs \(memory >> 20) MiB of buffers, "
                    + "and this machine has \(installed >> 20) MiB of memory"
            )
        }
    }

    /// A request that no machine, or not this one, can meet.
    struct Impossible: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
