// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A process that a test has started.
struct Child {
    enum Ending: Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    let pid: pid_t

    /// - Parameters:
    ///   - program: its path.
    ///   - descriptors: what it gets as 0, 1 and 2; nil: /dev/null.
    init(_ program: String, _ arguments: [String], descriptors: [Int32?] = [nil, nil, nil], environment: [String] = [])
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
            }
        }
        // Whatever the test runner ignores or blocks: the program starts as from a shell.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        let path = String(cString: getenv("PATH"))
        let envp = (environment + ["PATH=\(path)", "LC_ALL=C"]).map { strdup($0) } + [nil]
        defer { for string in argv + envp { free(string) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, &attributes, argv, envp)
        guard result == 0 else { fatalError("\(program): \(String(cString: strerror(result)))") }
        self.pid = pid
    }

    func send(_ signal: Int32) { kill(pid, signal) }

    /// Once.
    func wait() -> Ending {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    /// Whether it still runs; its ending stays for `wait()`.
    var isRunning: Bool {
        var information = siginfo_t()
        waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return information.si_signo == 0
    }
}

/// The program under test, as it was built beside these tests.
enum Program {
    static let path: String = {
        let own = realpath("/proc/self/exe", nil)!
        defer { free(own) }
        return String(cString: own).split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/ordered-gzip"
    }()

    struct Result {
        var ending: Child.Ending
        var output: [UInt8]
        var error: String
    }

    /// Runs a shell script in `folder`, in which `$G` is the program under test.
    static func shell(_ script: String, in folder: TemporaryFolder) -> Result {
        let scratch = TemporaryFolder()
        let output = open(scratch.write([], to: "output"), O_RDWR)
        let error = open(scratch.write([], to: "error"), O_RDWR)
        defer {
            close(output)
            close(error)
        }
        let child = Child(
            "/bin/sh", ["-c", "cd '\(folder.path)' && \(script)"], descriptors: [nil, output, error],
            environment: ["G=\(path)"]
        )
        let ending = child.wait()
        let message = String(decoding: scratch.read("error"), as: UTF8.self)
        return Result(ending: ending, output: scratch.read("output"), error: message)
    }

    static func isInstalled(_ name: String) -> Bool {
        shell("command -v \(name)", in: TemporaryFolder()).ending == .exited(0)
    }
}
