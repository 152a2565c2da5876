// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct CommandLineTests {
    @Test func standard() throws {
        let command = try OrderedGzip.parse([])
        #expect(command.level == .standard && command.files.isEmpty)
        #expect(!command.keep && !command.force && !command.stats && !command.toStandardOutput)
    }

    @Test(arguments: 1...12) func everyLevel(level: Int32) throws {
        #expect(try OrderedGzip.parse(["-\(level)"]).level.rawValue == level)
    }

    @Test func optionsJoinedAndApart() throws {
        for arguments in [["-p3", "-b64", "-ckf"], ["-p", "3", "-b", "64", "-c", "-k", "-f"]] {
            let command = try OrderedGzip.parse(arguments + ["a", "-", "b"])
            #expect(command.threads == 3 && command.blockKiB == 64)
            #expect(command.toStandardOutput && command.keep && command.force)
            #expect(command.files == ["a", "-", "b"])
        }
    }

    @Test(arguments: [
        ["-p", "0"], ["-p", "-1"], ["-p", "1000000000"], ["-p", "99999999999999999999"], ["-p", "two"], ["-p", ""],
        ["-p"],
        ["-b", "0"], ["-b", "-1"], ["-b", "1000000000"], ["-b", "99999999999999999999"], ["-b", "1.5"], ["-b"],
        ["-p", "4000", "-b", "1048576"], ["-0"], ["-1", "-12"], ["-13"], ["--nonsense"],
    ])
    func refused(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try OrderedGzip.parse(arguments) }
        guard let error else { return }
        let message = OrderedGzip.message(for: error)
        #expect(message.contains(arguments.last { $0.hasPrefix("-") } ?? ""))
        #expect(OrderedGzip.exitCode(for: error) != .success)
    }
}
