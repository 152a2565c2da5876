// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct GzipMemberTests {
    @Test func headerWithoutName() {
        #expect(GzipMember.header(level: .standard) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
    }

    @Test func headerWithNameAndTime() {
        let header = GzipMember.header(level: .standard, name: "ab", modified: 0x0102_0304)
        #expect(header == [0x1f, 0x8b, 8, 8, 4, 3, 2, 1, 0, 3, 0x61, 0x62, 0])
    }

    @Test(arguments: [-1, 1 << 32]) func timeThatTheFormatCannotSay(time: Int) {
        #expect(Array(GzipMember.header(level: .standard, name: nil, modified: time)[4..<8]) == [0, 0, 0, 0])
    }

    @Test(arguments: [(1, 4), (2, 0), (8, 0), (9, 2), (12, 2)]) func effort(level: Int32, flag: UInt8) {
        #expect(GzipMember.header(level: CompressionLevel(rawValue: level))[8] == flag)
    }

    @Test func trailerIsLittleEndianAndCountsModulo() {
        let trailer = GzipMember.trailer(checksum: 0xa1b2_c3d4, count: 0x5_0403_0201)
        #expect(trailer == [0xd4, 0xc3, 0xb2, 0xa1, 1, 2, 3, 4])
    }
}
