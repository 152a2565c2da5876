// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Why a measurement does not count.
enum BenchError: Error, CustomStringConvertible, Equatable {
    case missing(received: UInt64, of: UInt64)
    case wrongChecksum(UInt64, expected: UInt64)
    case subject(String, code: Int32)
    /// The subject takes no part in what was asked for.
    case notFor(String)
    case timeOut(seconds: Int)
    case child(String)

    var description: String {
        switch self {
        case .missing(let received, let items):
            "\(received) of \(items) results arrived"
        case .wrongChecksum(let checksum, let expected):
            "results arrived in another order or with other values: "
                + "checksum \(String(checksum, radix: 16)), expected \(String(expected, radix: 16))"
        case .subject(let name, let code):
            "\(name) failed: \(unsafe String(cString: strerror(code)))"
        case .notFor(let name):
            "\(name) takes no part in such a scenario"
        case .timeOut(let seconds):
            "not finished after \(seconds) s"
        case .child(let what):
            what
        }
    }
}
