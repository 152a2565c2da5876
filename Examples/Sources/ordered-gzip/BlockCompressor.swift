// SPDX-License-Identifier: Apache-2.0
import CDeflate
import Synchronization

/// A libdeflate compressor with its tables, some hundred KiB at level 6: made once, used for many blocks, by one thread
/// at a time. Handed from thread to thread by `CompressorPool` only, which orders the uses; hence unchecked.
@safe
final class BlockCompressor: @unchecked Sendable {
    private let handle: OpaquePointer

    init(level: CompressionLevel) throws {
        guard let handle = unsafe libdeflate_alloc_compressor(level.rawValue) else {
            throw Failure(subject: "memory", cause: "cannot allocate a compressor for level \(level.rawValue)")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe libdeflate_free_compressor(handle) }

    /// The longest name that a first member's header keeps; file systems allow no longer one.
    static let longestName = 255

    /// The size of the largest member that a block of `blockSize` bytes can become.
    static func bound(blockSize: Int) -> Int {
        let longestHeader = 10 + longestName + 1
        return longestHeader + libdeflate_deflate_compress_bound(nil, blockSize) + GzipMember.trailerSize
    }

    /// Makes one gzip member of what is in `input`.
    func compress(_ input: BlockBuffer, header: [UInt8], into output: BlockBuffer) throws {
        let source = unsafe input.contents
        let target = unsafe output.memory
        unsafe target.copyBytes(from: header)
        let room = unsafe UnsafeMutableRawBufferPointer(
            rebasing: target[header.count..<(target.count - GzipMember.trailerSize)]
        )
        let size = unsafe libdeflate_deflate_compress(
            handle, source.baseAddress, source.count, room.baseAddress, room.count
        )
        guard size > 0 else {
            throw Failure(subject: "libdeflate", cause: "\(source.count) bytes do not fit in \(room.count)")
        }
        let checksum = unsafe libdeflate_crc32(0, source.baseAddress, source.count)
        let end = header.count + size
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[end...])
            .copyBytes(from: GzipMember.trailer(checksum: checksum, count: source.count))
        output.count = end + GzipMember.trailerSize
    }
}

/// The compressors that are not in use: as many exist as blocks were ever compressed at once.
final class CompressorPool: Sendable {
    private let level: CompressionLevel
    private let idle = Mutex<[BlockCompressor]>([])

    init(level: CompressionLevel) { self.level = level }

    /// Lends a compressor to `body`.
    func withCompressor<Result>(_ body: (BlockCompressor) throws -> Result) throws -> Result {
        let compressor = try idle.withLock { $0.popLast() } ?? BlockCompressor(level: level)
        defer { idle.withLock { $0.append(compressor) } }
        return try body(compressor)
    }
}
