// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ordered_gzip

/// The built program on real files, read back with the tools that people have.
@Suite(.serialized, .endsWithin(minutes: 5)) struct RoundTripTests {
    private let folder = TemporaryFolder()

    @Test(arguments: Content.allCases, [0, 1, 65535, 65536, 65537, 5_000_000])
    func gunzipGivesTheFileBack(content: Content, count: Int) throws {
        let bytes = content.bytes(count)
        folder.write(bytes, to: "f", mode: 0o640)
        chmod(folder.file("f"), 0o640)
        let original = try #require(folder.status("f"))
        let result = Program.shell("\"$G\" -p 2 -b 64 f", in: folder)
        #expect(result.ending == .exited(0) && result.error == "")
        #expect(folder.names == ["f.gz"])
        let compressed = try #require(folder.status("f.gz"))
        #expect(compressed.st_mode == original.st_mode && compressed.st_mtim.tv_sec == original.st_mtim.tv_sec)
        #expect(compressed.st_mtim.tv_nsec == original.st_mtim.tv_nsec)
        #expect(Program.shell("gunzip -N f.gz", in: folder).ending == .exited(0))
        #expect(folder.names == ["f"])
        #expect(Fingerprint(folder.read("f")) == Fingerprint(bytes))
    }

    @Test(arguments: ["gunzip -c", "zcat", "pigz -dc", "libdeflate-gzip -dc"].filter { Program.isInstalled($0) })
    func everyReader(reader: String) {
        let bytes = Content.binary.bytes(1_000_000)
        folder.write(bytes, to: "f")
        let result = Program.shell("\"$G\" -c -b 32 f > g.gz && \(reader) g.gz > h && cmp f h", in: folder)
        #expect(result.ending == .exited(0), "\(result.error)")
    }

    @Test(arguments: ["\"$G\" < f", "\"$G\" - < f", "cat f | \"$G\" -b 16", "\"$G\" -c f", "\"$G\" -c - < f"])
    func toStandardOutput(command: String) {
        let bytes = Content.text.bytes(300_000)
        folder.write(bytes, to: "f")
        let result = Program.shell("{ \(command); } | gunzip", in: folder)
        #expect(Fingerprint(result.output) == Fingerprint(bytes))
        #expect(result.error == "")
        #expect(folder.names == ["f"])
    }

    @Test func emptyStandardInput() {
        let result = Program.shell("\"$G\" < /dev/null | gunzip", in: folder)
        #expect(result.ending == .exited(0) && result.output == [] && result.error == "")
    }

    @Test func standardInputThatSomebodyHasReadFrom() {
        folder.write(Content.text.bytes(100_000), to: "f")
        let result = Program.shell("{ dd bs=1000 count=1 >/dev/null 2>&1; \"$G\" -b 4; } < f | gunzip", in: folder)
        #expect(Fingerprint(result.output) == Fingerprint(Array(Content.text.bytes(100_000).dropFirst(1000))))
    }

    @Test func severalFiles() {
        for name in ["a", "b", "c"] { folder.write(Array(name.utf8), to: name) }
        #expect(Program.shell("\"$G\" -c a b c | gunzip", in: folder).output == Array("abc".utf8))
        #expect(Program.shell("\"$G\" a nothing b c", in: folder).ending == .exited(1))
        #expect(folder.names == ["a.gz", "b.gz", "c.gz"])
        #expect(Program.shell("cat a.gz b.gz c.gz | gunzip", in: folder).output == Array("abc".utf8))
    }

    @Test func keep() {
        folder.write([1], to: "f")
        #expect(Program.shell("\"$G\" -k f", in: folder).ending == .exited(0))
        #expect(folder.names == ["f", "f.gz"])
    }

    @Test func forceReplaces() {
        folder.write([1], to: "f")
        folder.write([2], to: "f.gz")
        #expect(Program.shell("\"$G\" -f f && gunzip f", in: folder).ending == .exited(0))
        #expect(folder.read("f") == [1])
    }

    @Test(arguments: [UInt64](1...12)) func randomShapes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = Content.allCases.randomElement(using: &generator)!
            .bytes(Int.random(in: 0...400_000, using: &generator), seed: seed)
        let threads = Int.random(in: 1...5, using: &generator)
        let block = Int.random(in: 1...100, using: &generator)
        let level = Int.random(in: 1...12, using: &generator)
        folder.write(bytes, to: "f")
        let result = Program.shell("\"$G\" -\(level) -p\(threads) -b\(block) f && gunzip f.gz", in: folder)
        #expect(result.ending == .exited(0), "seed \(seed): \(result.error)")
        #expect(Fingerprint(folder.read("f")) == Fingerprint(bytes), "seed \(seed)")
    }

    @Test func statsTellWhatHappened() {
        folder.write(Content.text.bytes(100_000), to: "f")
        let result = Program.shell("\"$G\" --stats -p 2 -b 32 f", in: folder)
        #expect(result.ending == .exited(0))
        for expected in ["f: 100000 -> ", "MB/s", "blocks: 4 of 32 KiB", "run by the consumer", "head-of-line stall"] {
            #expect(result.error.contains(expected), "\(result.error)")
        }
    }

    /// Were it not bounded, a quarter of a gigabyte would show: all of it passes through, and nothing is fast enough to
    /// let the blocks pile up.
    @Test func memoryIsBounded() throws {
        let result = Program.shell("head -c 268435456 /dev/zero | \"$G\" --stats -1 -p 2 > /dev/null", in: folder)
        let words = result.error.split { $0.isWhitespace }
        let label = try #require(words.firstIndex(of: "memory:"), "\(result.error)")
        let peak = try #require(Int(words[label + 1]))
        #expect(peak < 96 << 10, "\(peak) KiB")
    }
}
