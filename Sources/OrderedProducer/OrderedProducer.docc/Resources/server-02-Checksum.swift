// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The line of one file. Blocks while it reads, and computes.
func line(of file: URL) throws -> String {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    var checksum: UInt64 = 0xcbf2_9ce4_8422_2325
    while let chunk = try handle.read(upToCount: 1 << 16), !chunk.isEmpty {
        for byte in chunk { checksum = (checksum ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return "\(String(checksum, radix: 16))  \(file.lastPathComponent)\n"
}

/// The files of a directory, by name. Blocks.
func listing(of directory: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: [.isRegularFileKey])
        .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
        .sorted { $0.lastPathComponent < $1.lastPathComponent }
}
