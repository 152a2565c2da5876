// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct BlockReaderTests {
    private let blockSize = 1000
    private let folder = TemporaryFolder()

    private func reader(_ path: String, use: InputFile.Use = .replace) throws -> BlockReader {
        BlockReader(
            input: try InputFile.open(path, for: use), blockSize: blockSize, buffers: BufferPool(capacity: blockSize),
            header: [1], followingHeader: [2]
        )
    }

    @Test(arguments: [0, 1, 999, 1000, 1001, 2000, 2001]) func cutsIntoBlocks(count: Int) throws {
        let content = Content.binary.bytes(count)
        var reader = try reader(folder.write(content, to: "f"))
        var read: [UInt8] = []
        var blocks = 0
        while let block = try reader.next() {
            #expect(block.header == (blocks == 0 ? [1] : [2]))
            read += Array(block.buffer.contents)
            blocks += 1
        }
        #expect(Fingerprint(read) == Fingerprint(content))
        #expect(blocks == max(1, (count + blockSize - 1) / blockSize))
    }

    @Test func shrunk() throws {
        let path = folder.write(Content.binary.bytes(2500), to: "f")
        var reader = try reader(path)
        _ = try reader.next()
        truncate(path, 1200)
        _ = try reader.next()
        let failure = #expect(throws: Failure.self) { _ = try reader.next() }
        #expect(failure?.cause.hasPrefix("shrank while it was read") == true)
    }

    @Test func grownByMoreThanABlock() throws {
        let path = folder.write(Content.binary.bytes(1500), to: "f")
        var reader = try reader(path)
        _ = try reader.next()
        truncate(path, 5000)
        let failure = #expect(throws: Failure.self) { _ = try reader.next() }
        #expect(failure?.cause.hasPrefix("grew while it was read") == true)
    }

    @Test func grownAfterTheLastByteWasRead() throws {
        let path = folder.write(Content.binary.bytes(1500), to: "f")
        var reader = try reader(path)
        _ = try reader.next()
        _ = try reader.next()
        truncate(path, 1501)
        let failure = #expect(throws: Failure.self) { _ = try reader.next() }
        #expect(failure?.cause.hasPrefix("grew while it was read") == true)
    }

    @Test func rewrittenInPlace() throws {
        let path = folder.write(Content.binary.bytes(1500), to: "f")
        var reader = try reader(path)
        _ = try reader.next()
        let times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, path, times, 0)
        _ = try reader.next()
        let failure = #expect(throws: Failure.self) { _ = try reader.next() }
        #expect(failure?.cause.hasPrefix("was modified while it was read") == true)
    }

    @Test func originalThatWasReplacedIsNotRemoved() throws {
        let input = try InputFile.open(folder.write([1], to: "f"), for: .replace)
        folder.write([2], to: "other")
        rename(folder.file("other"), folder.file("f"))
        #expect(throws: Failure.self) { try input.removeOriginal() }
        #expect(folder.read("f") == [2])
    }

    @Test func fileThatSaysItIsEmpty() throws {
        var reader = try reader("/proc/self/stat", use: .copy)
        let block = try #require(try reader.next())
        #expect(block.buffer.count > 0)
        let isAtEnd = try reader.next() == nil
        #expect(isAtEnd)
    }
}
