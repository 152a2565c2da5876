// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

/// Signals that end the built program in the middle of a file.
@Suite(.serialized, .endsWithin(minutes: 5)) struct SignalTests {
    private let folder = TemporaryFolder()

    /// Starts the program on a file that takes it seconds, and returns when it has begun to write.
    private func start(_ option: String) -> Child {
        let path = folder.writeSparse(size: 1 << 32, to: "f")
        let before = folder.names
        let child = Child(Program.path, ["-9", "-p", "1", option, path])
        while folder.names == before && child.isRunning { sched_yield() }
        return child
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func removesThePartialOutput(signal: Int32) {
        let child = start("-k")
        #expect(folder.names == ["f", "f.gz"])
        child.send(signal)
        #expect(child.wait() == .killed(signal: signal))
        #expect(folder.names == ["f"])
        #expect(folder.status("f")?.st_size == 1 << 32)
    }

    @Test func keepsWhatWasToBeReplaced() {
        folder.write([7], to: "f.gz")
        let child = start("-f")
        #expect(folder.names.count == 3)
        child.send(SIGINT)
        #expect(child.wait() == .killed(signal: SIGINT))
        #expect(folder.names == ["f", "f.gz"])
        #expect(folder.read("f.gz") == [7])
    }
}
