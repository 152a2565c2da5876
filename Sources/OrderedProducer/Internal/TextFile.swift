// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file that is written from its beginning to its end. Every failing call throws, and says which file it was.
@safe
struct TextFile {
    #if canImport(Musl)
        private typealias Stream = OpaquePointer
    #else
        private typealias Stream = UnsafeMutablePointer<FILE>
    #endif
    private let stream: Stream
    private let path: String
    /// Whether it is the file system's own, and not a terminal or a pipe, which are not to be removed.
    private let isRegular: Bool

    /// Calls `body` with a new file at `path`; what was there before is gone. If anything fails, no file is left.
    static func create(at path: String, _ body: (TextFile) throws -> Void) throws {
        guard let stream = unsafe fopen(path, "we") else { throw Self.error("opening", path) }
        var status = stat()
        let isRegular = unsafe fstat(fileno(stream), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        let file = unsafe TextFile(stream: stream, path: path, isRegular: isRegular)
        do {
            try body(file)
        } catch {
            unsafe fclose(stream)
            file.remove()
            throw error
        }
        if unsafe fclose(stream) != 0 {
            let error = Self.error("closing", path)
            file.remove()
            throw error
        }
    }

    private func remove() {
        if isRegular { unsafe unlink(path) }
    }

    /// The first line of a file; nil where it cannot be read.
    static func firstLine(of path: String) -> String? {
        guard let stream = unsafe fopen(path, "re") else { return nil }
        defer { unsafe fclose(stream) }
        var line: [UInt8] = []
        while true {
            let byte = unsafe fgetc(stream)
            if byte < 0 || byte == 0x0A { break }
            line.append(UInt8(truncatingIfNeeded: byte))
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    func write(_ text: String) throws {
        if unsafe fputs(text, stream) < 0 { throw Self.error("writing", path) }
    }

    private static func error(_ call: String, _ path: String) -> ProducerError {
        .system("\(call) \(path)", code: errno)
    }
}
