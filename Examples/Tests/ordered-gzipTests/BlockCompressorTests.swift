// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct BlockCompressorTests {
    private func compress(_ bytes: [UInt8], level: CompressionLevel, header: [UInt8]) throws -> [UInt8] {
        let input = try #require(BlockBuffer(capacity: max(1, bytes.count)))
        input.memory.copyBytes(from: bytes)
        input.count = bytes.count
        let output = try #require(BlockBuffer(capacity: BlockCompressor.bound(blockSize: bytes.count)))
        try BlockCompressor(level: level).compress(input, header: header, into: output)
        return Array(output.contents)
    }

    @Test(arguments: Content.allCases, [0, 1, 2, 65535, 65536, 300_001])
    func memberHoldsTheBlock(content: Content, count: Int) throws {
        let bytes = content.bytes(count)
        let name = String(repeating: "n", count: BlockCompressor.longestName)
        for header in [
            GzipMember.header(level: .standard),
            GzipMember.header(level: .standard, name: name, modified: 1),
        ] {
            let member = try compress(bytes, level: .standard, header: header)
            #expect(member.starts(with: header))
            #expect(Fingerprint(inflate(member, atMost: count)) == Fingerprint(bytes))
        }
    }

    @Test(arguments: CompressionLevel.allCases) func everyLevel(level: CompressionLevel) throws {
        let bytes = Content.text.bytes(100_000)
        let member = try compress(bytes, level: level, header: GzipMember.header(level: level))
        #expect(member.count < bytes.count / 2)
        #expect(Fingerprint(inflate(member, atMost: bytes.count)) == Fingerprint(bytes))
    }

    @Test func tooSmallAnOutputIsAFailure() throws {
        let input = try #require(BlockBuffer(capacity: 1000))
        input.memory.copyBytes(from: Content.incompressible.bytes(1000))
        input.count = 1000
        let output = try #require(BlockBuffer(capacity: 500))
        #expect(throws: Failure.self) {
            try BlockCompressor(level: .standard)
                .compress(input, header: GzipMember.header(level: .standard), into: output)
        }
    }

    @Test func compressorsAreUsedAgain() throws {
        let pool = CompressorPool(level: .standard)
        let first = try pool.withCompressor { ObjectIdentifier($0) }
        let second = try pool.withCompressor { outer in
            #expect(ObjectIdentifier(outer) == first)
            return try pool.withCompressor { ObjectIdentifier($0) }
        }
        #expect(first != second)
    }
}
