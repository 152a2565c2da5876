// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `--trace`: a timeline of the blocks, readable by other programs; and that it never costs the user the compressed
/// file.
@Suite(.endsWithin(minutes: 5)) struct TraceTests {
    private let folder = TemporaryFolder()

    private struct Timeline: Decodable {
        struct Event: Decodable {
            var ph: String
            var name: String
        }
        var traceEvents: [Event]
    }

    @Test func everyBlockIsInIt() throws {
        folder.write(Content.incompressible.bytes(300_000), to: "f")
        let result = Program.shell("\"$G\" -k -b 64 --trace t f", in: folder)
        #expect(result.ending == .exited(0), "\(result.error)")
        let timeline = try JSONDecoder().decode(Timeline.self, from: Data(folder.read("t")))
        let runs = timeline.traceEvents.filter { $0.ph == "X" && $0.name.hasPrefix("item ") }.map(\.name)
        #expect(Set(runs) == ["item 0", "item 1", "item 2", "item 3", "item 4"])
        #expect(runs.count == 5)
    }

    @Test func whereItCannotBeWrittenTheCompressedFileStays() {
        folder.write(Content.incompressible.bytes(1000), to: "f")
        let result = Program.shell("\"$G\" -k --trace none/t f", in: folder)
        #expect(result.ending == .exited(1))
        #expect(result.error == "ordered-gzip: opening none/t failed: No such file or directory (2)\n")
        #expect(folder.names == ["f", "f.gz"])
    }
}
