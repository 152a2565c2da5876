// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

/// One at a time: a process has one partial output.
extension CompressionPipelineTests {
    @Suite(.serialized, .endsWithin(minutes: 5)) struct OutputFileTests {
        private let folder = TemporaryFolder()

        private func buffer(_ bytes: [UInt8]) throws -> BlockBuffer {
            let buffer = try #require(BlockBuffer(capacity: 100))
            buffer.memory.copyBytes(from: bytes)
            buffer.count = bytes.count
            return buffer
        }

        private func original(mode: mode_t, time: Int) throws -> stat {
            let path = folder.write([0], to: "original")
            chmod(path, mode)
            let times = [timespec(tv_sec: time, tv_nsec: 5), timespec(tv_sec: time, tv_nsec: 6)]
            utimensat(AT_FDCWD, path, times, 0)
            return try #require(folder.status("original"))
        }

        @Test(arguments: [false, true]) func commitGivesModeAndTime(force: Bool) throws {
            let original = try original(mode: 0o640, time: 1_000_000_000)
            let output = try OutputFile.create(folder.file("f.gz"), force: force)
            try output.write(buffer([1, 2, 3]))
            try output.commit(attributesOf: original)
            let status = try #require(folder.status("f.gz"))
            #expect(status.st_mode & 0o7777 == 0o640)
            #expect(status.st_mtim.tv_sec == 1_000_000_000 && status.st_mtim.tv_nsec == 6)
            #expect(folder.read("f.gz") == [1, 2, 3])
            #expect(folder.names == ["f.gz", "original"])
        }

        @Test func existingFileIsRefused() throws {
            folder.write([9], to: "f.gz")
            let failure = #expect(throws: Failure.self) {
                _ = try OutputFile.create(folder.file("f.gz"), force: false)
            }
            #expect(failure?.status == .warning)
            #expect(folder.read("f.gz") == [9])
        }

        @Test func replacedInOneStep() throws {
            let original = try original(mode: 0o600, time: 1)
            folder.write([9], to: "f.gz")
            let output = try OutputFile.create(folder.file("f.gz"), force: true)
            try output.write(buffer([1]))
            #expect(folder.read("f.gz") == [9])
            try output.commit(attributesOf: original)
            #expect(folder.read("f.gz") == [1])
            #expect(folder.names == ["f.gz", "original"])
        }

        @Test(arguments: [false, true]) func discardLeavesNothing(force: Bool) throws {
            if force { folder.write([9], to: "f.gz") }
            let output = try OutputFile.create(folder.file("f.gz"), force: force)
            try output.write(buffer([1]))
            output.discard()
            #expect(folder.names == (force ? ["f.gz"] : []))
        }

        @Test func directoryInTheWay() throws {
            let original = try original(mode: 0o600, time: 1)
            mkdir(folder.file("f.gz"), 0o700)
            defer { rmdir(folder.file("f.gz")) }
            let output = try OutputFile.create(folder.file("f.gz"), force: true)
            #expect(throws: Failure.self) { try output.commit(attributesOf: original) }
            #expect(folder.names == ["f.gz", "original"])
        }

        @Test func missingDirectory() {
            let failure = #expect(throws: Failure.self) {
                _ = try OutputFile.create(folder.file("none/f.gz"), force: false)
            }
            #expect(failure?.description == "\(folder.file("none/f.gz")): cannot create: No such file or directory")
        }
    }
}
