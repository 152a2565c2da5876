// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The core reports negative `errno` values; here they become the errors of the Swift interface.
enum CoreError {
    /// The error for a result of the core. Called on the thread that got the result, since the detail is kept per
    /// thread.
    static func error(_ result: Int32) -> ProducerError {
        switch -result {
        case EPIPE: .ended
        case EINVAL: .invalidConfiguration(detail)
        case EALREADY: .alreadyStarted
        case EDEADLK: .wouldDeadlock
        case ESHUTDOWN: .poolShutDown
        case ECHILD: .forked
        default: .system(detail.isEmpty ? "memory allocation" : detail, code: -result)
        }
    }

    /// Throws unless `result` is a success.
    static func check(_ result: Int32) throws(ProducerError) {
        if result < 0 { throw error(result) }
    }

    static func text(errno code: Int32) -> String {
        unsafe String(cString: oip_strerror(-code))
    }

    private static var detail: String {
        unsafe String(cString: oip_error_detail())
    }
}
