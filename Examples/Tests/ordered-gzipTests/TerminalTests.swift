// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

/// The built program at a terminal, which has room for little that nobody reads: so it is read before the wait.
@Suite(.serialized, .endsWithin(minutes: 5)) struct TerminalTests {
    private let folder = TemporaryFolder()

    /// A new terminal: the side of who sits at it, and the program's.
    private func terminal() throws -> (master: Int32, slave: Int32) {
        var master: Int32 = -1
        var slave: Int32 = -1
        try #require(openpty(&master, &slave, nil, nil, nil) == 0)
        for descriptor in [master, slave] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return (master, slave)
    }

    @Test func compressedDataIsNotWrittenToIt() throws {
        let path = folder.write([1], to: "f")
        let (master, slave) = try terminal()
        let error = open(folder.write([], to: "error"), O_RDWR)
        let child = Child(Program.path, ["-c", path], descriptors: [nil, slave, error])
        close(slave)
        let shown = bytes(from: master)
        #expect(child.wait() == .exited(1))
        #expect(shown == [])
        #expect(
            String(decoding: folder.read("error"), as: UTF8.self)
                == "ordered-gzip: standard output: compressed data is not written to a terminal, except with -f\n"
        )
        for descriptor in [master, error] { close(descriptor) }
    }

    @Test func forceWritesToIt() throws {
        let path = folder.write([1], to: "f")
        let (master, slave) = try terminal()
        let child = Child(Program.path, ["-cf", path], descriptors: [nil, slave, nil])
        close(slave)
        let shown = bytes(from: master)
        #expect(child.wait() == .exited(0))
        #expect(shown.starts(with: [0x1f, 0x8b]))
        close(master)
    }

    /// Feeds the program until it shows something, however long that takes; at the end nothing of it is left.
    @Test func progressIsShownAndGoes() throws {
        let (master, slave) = try terminal()
        let input = folder.pipe()
        let child = Child(Program.path, ["-1", "-p", "1", "-b", "16"], descriptors: [input.read, nil, slave])
        for descriptor in [slave, input.read] { close(descriptor) }
        let block = Content.text.bytes(1 << 16)
        var request = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, 0) == 0 { #expect(Glibc.write(input.write, block, block.count) == block.count) }
        close(input.write)
        let shown = String(decoding: bytes(from: master), as: UTF8.self)
        #expect(child.wait() == .exited(0))
        #expect(shown.contains("\rstandard input: ") && shown.contains("MB/s"), "\(shown)")
        #expect(shown.hasSuffix("\r\u{1b}[K"), "\(shown)")
        close(master)
    }

    @Test func noProgressElsewhere() {
        let result = Program.shell("head -c 100000000 /dev/zero | \"$G\" -b 16 > /dev/null", in: folder)
        #expect(result.ending == .exited(0) && result.error == "")
    }
}
