// SPDX-License-Identifier: Apache-2.0
import CDeflate

/// What stands for many bytes in an expectation: where one fails, the library would otherwise work out how to edit the
/// one array into the other, which takes it forever, and print both.
struct Fingerprint: Equatable {
    /// nil: there was nothing to take it of.
    let count: Int?
    let checksum: UInt32

    init(_ bytes: [UInt8]?) {
        count = bytes?.count
        checksum = libdeflate_crc32(0, bytes ?? [], bytes?.count ?? 0)
    }
}
