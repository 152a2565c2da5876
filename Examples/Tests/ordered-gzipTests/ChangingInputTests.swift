// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

/// Files that change while the built program reads them.
@Suite(.serialized, .endsWithin(minutes: 5)) struct ChangingInputTests {
    private let folder = TemporaryFolder()

    enum Change: CaseIterable {
        case shrinks, grows, isRewritten

        func happen(to path: String, size: Int) {
            switch self {
            case .shrinks: truncate(path, size / 2)
            case .grows: truncate(path, size + 1)
            case .isRewritten:
                let descriptor = open(path, O_WRONLY)
                pwrite(descriptor, "x", 1, off_t(size / 2))
                close(descriptor)
            }
        }

        var message: String {
            switch self {
            case .shrinks: "shrank while it was read"
            case .grows: "grew while it was read"
            case .isRewritten: "was modified while it was read"
            }
        }
    }

    /// Nobody reads the program's output, so that it stands still with most of the file unread.
    @Test(arguments: Change.allCases) func whileItIsHeldUp(change: Change) {
        let size = 8_000_000
        let path = folder.write(Content.incompressible.bytes(size), to: "f")
        let output = folder.pipe()
        let error = open(folder.write([], to: "error"), O_RDWR)
        defer { for descriptor in [output.read, error] { close(descriptor) } }
        let child = Child(Program.path, ["-c", "-p", "2", "-b", "16", path], descriptors: [nil, output.write, error])
        close(output.write)
        var request = pollfd(fd: output.read, events: Int16(POLLIN), revents: 0)
        poll(&request, 1, -1)
        change.happen(to: path, size: size)
        _ = bytes(from: output.read)
        #expect(child.wait() == .exited(1))
        let message = String(decoding: folder.read("error"), as: UTF8.self)
        #expect(message.hasPrefix("ordered-gzip: \(path): \(change.message)"), "\(message)")
    }

    @Test(arguments: ["-k", "-f"]) func noOutputIsLeft(option: String) {
        let path = folder.writeSparse(size: 1 << 30, to: "f")
        let child = Child(Program.path, ["-9", "-p", "1", option, path])
        while folder.names.count == 1 && child.isRunning { sched_yield() }
        Change.shrinks.happen(to: path, size: 1 << 30)
        #expect(child.wait() == .exited(1))
        #expect(folder.names == ["f"])
        #expect(folder.status("f")?.st_size == 1 << 29)
    }
}
