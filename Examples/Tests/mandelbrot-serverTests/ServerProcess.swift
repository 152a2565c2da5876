// SPDX-License-Identifier: Apache-2.0
#if Server
    import Foundation
    import Testing

    /// The built program, as a child whose standard error is read. Its calls block.
    final class ServerProcess {
        private let pid: pid_t
        private let log: Int32
        private var pending: [UInt8] = []
        private var lines: [String] = []
        private var hasEnded = false

        init(_ arguments: [String]) throws {
            var ends: [Int32] = [0, 0]
            try Self.check(pipe(&ends) == 0 ? 0 : errno, "pipe")
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            defer { close(ends[1]) }
            log = ends[0]
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
            // Whatever the test runner ignores or blocks: the program starts as from a shell.
            var attributes = posix_spawnattr_t()
            posix_spawnattr_init(&attributes)
            defer { posix_spawnattr_destroy(&attributes) }
            var signals = sigset_t()
            sigemptyset(&signals)
            posix_spawnattr_setsigmask(&attributes, &signals)
            for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&signals, signal) }
            posix_spawnattr_setsigdefault(&attributes, &signals)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
            let argv = ([Self.program] + arguments).map { strdup($0) } + [nil]
            defer { for string in argv { free(string) } }
            var pid: pid_t = 0
            try Self.check(posix_spawn(&pid, Self.program, &actions, &attributes, argv, environ), Self.program)
            self.pid = pid
        }

        deinit {
            if !hasEnded {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
            }
            close(log)
        }

        func send(_ signal: Int32) { kill(pid, signal) }

        /// Waits until the log says where it listens.
        func port() throws -> Int {
            while readMore() {
                if let port = objects.first(where: { $0["message"] as? String == "listening" })?["port"] as? Int {
                    return port
                }
            }
            throw Client.Failure(message: "it does not listen: \(lines)")
        }

        /// Waits for the end; nil where a signal was it. Once.
        func exitStatus() -> Int32? {
            while readMore() {}
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            hasEnded = true
            return status & 0x7f == 0 ? status >> 8 & 0xff : nil
        }

        /// What was logged so far. Every line must be an object.
        func events() -> [[String: Any]] {
            let objects = objects
            #expect(objects.count == lines.count, "\(lines)")
            return objects
        }

        /// The tests and the program are built into one folder.
        private static let program: String = {
            let own = realpath("/proc/self/exe", nil)!
            defer { free(own) }
            return String(cString: own).split(separator: "/").dropLast().map { "/" + $0 }.joined()
                + "/mandelbrot-server"
        }()

        private var objects: [[String: Any]] {
            lines.compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        }

        /// False at the end.
        private func readMore() -> Bool {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(log, &bytes, bytes.count)
            if count < 0 && errno == EINTR { return true }
            guard count > 0 else { return false }
            pending += bytes[..<count]
            while let end = pending.firstIndex(of: 10) {
                lines.append(String(decoding: pending[..<end], as: UTF8.self))
                pending.removeFirst(end + 1)
            }
            return true
        }

        private static func check(_ code: Int32, _ what: String) throws {
            guard code != 0 else { return }
            throw Client.Failure(message: "\(what): \(String(cString: strerror(code)))")
        }
    }
#endif
