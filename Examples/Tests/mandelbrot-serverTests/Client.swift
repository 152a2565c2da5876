// SPDX-License-Identifier: Apache-2.0
#if Server
    import Glibc

    /// An HTTP/1.1 client on a blocking socket, that can misbehave: leave, read slowly, or send anything.
    final class Client {
        struct Failure: Error {
            let message: String
        }

        struct Answer {
            var status = 0
            /// By lower-case name.
            var headers: [String: String] = [:]
            var body: [UInt8] = []

            var text: String { String(decoding: body, as: UTF8.self) }
        }

        private let socket: Int32
        private var received: [UInt8] = []

        /// - Parameter receiveBuffer: What the system may hold for a client that does not read, in bytes.
        init(port: Int, receiveBuffer: Int32? = nil) throws {
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer {
                setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else {
                let code = errno
                close(socket)
                throw Failure(message: "connect: \(String(cString: strerror(code)))")
            }
        }

        deinit { close(socket) }

        /// Goes without a word: the server gets a reset, not an end.
        func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            leave()
        }

        /// Closes both directions, as closing the socket does.
        func leave() { shutdown(socket, Int32(SHUT_RDWR)) }

        func send(_ text: String) throws {
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Failure(message: "send: \(String(cString: strerror(errno)))") }
                bytes = bytes.dropFirst(count)
            }
        }

        func ask(_ path: String, method: String = "GET") throws {
            try send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        }

        func get(_ path: String, method: String = "GET") throws -> Answer {
            try ask(path, method: method)
            return try answer(hasBody: method != "HEAD")
        }

        /// A whole answer.
        func answer(hasBody: Bool = true) throws -> Answer {
            var answer = try head()
            guard hasBody else { return answer }
            if let length = answer.headers["content-length"].flatMap({ Int($0) }) {
                answer.body = try take(length)
            } else {
                while let chunk = try chunk() { answer.body += chunk }
            }
            return answer
        }

        /// Status and headers.
        func head() throws -> Answer {
            let lines = try String(decoding: take(through: "\r\n\r\n"), as: UTF8.self).split(separator: "\r\n")
            guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
                throw Failure(message: "no status line: \(lines)")
            }
            var answer = Answer(status: status)
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                answer.headers[parts[0].lowercased()] = parts[1].drop { $0 == " " }.description
            }
            return answer
        }

        /// The next chunk of a chunked body; nil for the last, which is empty.
        func chunk() throws -> [UInt8]? {
            let line = try String(decoding: take(through: "\r\n").dropLast(2), as: UTF8.self)
            guard let size = Int(line, radix: 16) else { throw Failure(message: "no chunk size: '\(line)'") }
            let chunk = try take(size)
            guard try take(2) == [13, 10] else { throw Failure(message: "no end of a chunk") }
            return size == 0 ? nil : chunk
        }

        /// Whether the server has closed the connection; waits until it has, or sends more.
        func isAtEnd() throws -> Bool {
            received.isEmpty ? try !receive() : false
        }

        private func take(_ count: Int) throws -> [UInt8] {
            while received.count < count {
                guard try receive() else { throw Failure(message: "the connection ended in the middle") }
            }
            defer { received.removeFirst(count) }
            return Array(received[..<count])
        }

        private func take(through end: String) throws -> [UInt8] {
            let end = Array(end.utf8)
            var start = 0
            while true {
                if received.count >= end.count, start <= received.count - end.count {
                    for index in start...(received.count - end.count)
                    where received[index] == end[0] && Array(received[index..<index + end.count]) == end {
                        return try take(index + end.count)
                    }
                    start = received.count - end.count + 1
                }
                guard try receive() else { throw Failure(message: "the connection ended in the middle") }
            }
        }

        /// False at the end.
        private func receive() throws -> Bool {
            var bytes = [UInt8](repeating: 0, count: 64 * 1024)
            let count = recv(socket, &bytes, bytes.count, 0)
            guard count >= 0 else { throw Failure(message: "recv: \(String(cString: strerror(errno)))") }
            received += bytes[..<count]
            return count > 0
        }
    }
#endif
