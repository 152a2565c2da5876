// SPDX-License-Identifier: Apache-2.0

/// The gzip file format (RFC 1952) around one block's DEFLATE data. A file of several members is the concatenation of
/// what they hold.
enum GzipMember {
    /// CRC-32 and length of the uncompressed data.
    static let trailerSize = 8

    /// A header that says nothing about where the data come from: what members after the first have.
    static func header(level: CompressionLevel) -> [UInt8] {
        header(level: level, name: nil, modified: 0)
    }

    /// - Parameters:
    ///   - name: the original file's name, without its directory.
    ///   - modified: seconds since 1970; 0 where unknown or beyond what the format can say.
    static func header(level: CompressionLevel, name: String?, modified: Int) -> [UInt8] {
        let time = UInt32(exactly: modified) ?? 0
        let effort: UInt8 =
            switch level.rawValue {
            case 1: 4
            case 9...: 2
            default: 0
            }
        let unix: UInt8 = 3
        let named: UInt8 = name == nil ? 0 : 8
        var bytes: [UInt8] = [0x1f, 0x8b, 8, named]
        bytes += littleEndian(time)
        bytes += [effort, unix]
        if let name { bytes += Array(name.utf8) + [0] }
        return bytes
    }

    /// - Parameter count: bytes of uncompressed data; the format keeps it modulo 2^32.
    static func trailer(checksum: UInt32, count: Int) -> [UInt8] {
        littleEndian(checksum) + littleEndian(UInt32(truncatingIfNeeded: count))
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
