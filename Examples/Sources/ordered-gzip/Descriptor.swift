// SPDX-License-Identifier: Apache-2.0
import Glibc

/// read(2) and write(2) as a blocking program means them: interrupted calls are taken up again, and a descriptor that
/// somebody else has made non-blocking (as happens to a shared standard input) is waited for.
enum Descriptor {
    /// Makes sure that no file is opened under the number of a standard stream that the program was started without,
    /// and then taken for it. Using such a stream fails afterwards as before.
    static func reserveStandardStreams() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// At most `buffer.count` bytes; 0 at the end of the file.
    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, name: String) throws -> Int {
        while true {
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            try retry(descriptor, for: POLLIN, name: name, attempt: "cannot read")
        }
    }

    /// All of `bytes`.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, name: String) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if count >= 0 {
                written += count
            } else {
                try retry(descriptor, for: POLLOUT, name: name, attempt: "cannot write")
            }
        }
    }

    /// Returns where the call that has set `errno` is worth another attempt.
    private static func retry(_ descriptor: Int32, for events: Int32, name: String, attempt: String) throws {
        switch errno {
        case EINTR:
            return
        case EAGAIN:
            var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            guard unsafe poll(&request, 1, -1) >= 0 || errno == EINTR else {
                throw Failure.system(name, attempt)
            }
        case let code:
            throw Failure.system(name, attempt, code: code)
        }
    }
}
