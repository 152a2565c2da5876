// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A folder of one test, which goes with everything in it.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/ordered-gzip-test.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(cString: made)
    }

    deinit {
        for name in names { unlink(file(name)) }
        rmdir(path)
    }

    /// What is in the folder, sorted.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o644) -> String {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC, mode)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            guard count > 0 else { fatalError("write \(name): \(String(cString: strerror(errno)))") }
            written += count
        }
        close(descriptor)
        return file(name)
    }

    /// A file of `size` zero bytes that takes no room.
    @discardableResult
    func writeSparse(size: Int, to name: String) -> String {
        write([], to: name)
        truncate(file(name), size)
        return file(name)
    }

    func read(_ name: String) -> [UInt8] { bytes(ofFile: file(name)) }

    /// A pipe of no other child than the one that is given its ends: pipe(2) cannot close them on exec from the start,
    /// and a write end that a child of another test has inherited would keep the reader waiting.
    func pipe() -> (read: Int32, write: Int32) {
        let path = file("pipe")
        mkfifo(path, 0o600)
        defer { unlink(path) }
        let read = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let write = open(path, O_WRONLY | O_CLOEXEC)
        _ = fcntl(read, F_SETFL, 0)
        return (read, write)
    }

    func status(_ name: String) -> stat? {
        var status = stat()
        return lstat(file(name), &status) == 0 ? status : nil
    }
}

func bytes(ofFile path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    return bytes(from: descriptor)
}

/// All that comes until the end.
func bytes(from descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return all }
        all += chunk[..<count]
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Kinds of content that compressors treat differently.
enum Content: CaseIterable {
    case text, binary, incompressible

    func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 32)
        let words = ["order", "item", "window", "sequence", "delivered", "before", "after", "\n"]
        while bytes.count < count {
            let number = generator.next()
            switch self {
            case .text: bytes += Array(words[Int(number % 8)].utf8) + [0x20]
            case .binary: bytes += [UInt8(number & 3), 0, 0, UInt8(number >> 8 & 0xff), 0x48, 0x89]
            case .incompressible: withUnsafeBytes(of: number) { bytes += $0 }
            }
        }
        return Array(bytes.prefix(count))
    }
}
