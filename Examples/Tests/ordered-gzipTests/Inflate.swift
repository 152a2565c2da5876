// SPDX-License-Identifier: Apache-2.0
import CDeflate

/// What a gzip stream of any number of members holds; nil where it is damaged.
func inflate(_ stream: [UInt8], atMost limit: Int) -> [UInt8]? {
    let decompressor = libdeflate_alloc_decompressor()
    defer { libdeflate_free_decompressor(decompressor) }
    var result: [UInt8] = []
    var rest = stream[...]
    repeat {
        var room = [UInt8](repeating: 0, count: limit + 1)
        var consumed = 0
        var produced = 0
        let outcome = rest.withUnsafeBytes { source in
            libdeflate_gzip_decompress_ex(
                decompressor, source.baseAddress, source.count, &room, room.count, &consumed, &produced
            )
        }
        guard outcome == LIBDEFLATE_SUCCESS else { return nil }
        result += room[..<produced]
        rest = rest.dropFirst(consumed)
    } while !rest.isEmpty
    return result
}
