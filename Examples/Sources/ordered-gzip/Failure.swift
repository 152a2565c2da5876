// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Why one file was not compressed, in the words that the user reads: which file, and the cause.
struct Failure: Error, CustomStringConvertible, Equatable {
    /// The statuses with which gzip ends, worst last; a run has the worst of its files' statuses.
    enum Status: Int32, Comparable {
        case success = 0
        /// A file was left alone for a reason that lies in its kind or name.
        case warning = 2
        case error = 1

        private var severity: Int {
            switch self {
            case .success: 0
            case .warning: 1
            case .error: 2
            }
        }

        static func < (one: Status, other: Status) -> Bool { one.severity < other.severity }
    }

    let subject: String
    let cause: String
    var status = Status.error

    var description: String { "\(subject): \(cause)" }

    /// The failure of the system call that has just set `errno`, or of one that returned `code`.
    static func system(_ subject: String, _ attempt: String, code: Int32 = errno) -> Failure {
        Failure(subject: subject, cause: "\(attempt): \(unsafe String(cString: strerror(code)))")
    }

    static func ignored(_ subject: String, _ reason: String) -> Failure {
        Failure(subject: subject, cause: "\(reason) -- ignored", status: .warning)
    }
}
