// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The most memory that this process has had resident.
enum PeakMemory {
    /// As the kernel counts it for /proc; nil where that is missing. (getrusage() counts in what the parent had before
    /// it executed this program.)
    static var kibibytes: Int? {
        let path = "/proc/self/status"
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe try? Descriptor.read(descriptor, into: $0, name: path)
        }
        let lines = String(decoding: bytes[..<(count ?? 0)], as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
        return Int(line.filter(\.isNumber))
    }
}
