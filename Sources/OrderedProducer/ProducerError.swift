// SPDX-License-Identifier: Apache-2.0

/// What a call of this library reports when it cannot do what it was asked for. The call then changed nothing.
public enum ProducerError: Error, Equatable {
    /// A value of a configuration is out of range. The text names it, its value and the range.
    case invalidConfiguration(String)

    /// The producer has a consumer already: `start` or `items` was called before.
    case alreadyStarted

    /// Production has ended; there is nothing left that a consumer could be attached to.
    case ended

    /// The pool is shut down. Make another one, or use ``WorkerPool/shared``.
    case poolShutDown

    /// The call would wait for its own caller: `stop()` from inside the consumer, the sink or an item, or a blocking
    /// `produceItem` from inside an item where helping cannot make room, or inside 32 items on the same thread. There
    /// `tryProduceItem` and `stopProducing()` are the calls that are allowed.
    case wouldDeadlock

    /// The object was made before `fork()` and this is the child, where the pool's threads do not exist.
    case forked

    /// A system call failed: its name, and its `errno`.
    case system(String, code: Int32)
}

extension ProducerError: CustomStringConvertible {
    /// A sentence that says what happened and what to do.
    public var description: String {
        switch self {
        case .invalidConfiguration(let detail): "invalid configuration: \(detail)"
        case .alreadyStarted: "the producer has a consumer already; each producer gets one"
        case .ended: "production has ended; make another producer"
        case .poolShutDown: "the worker pool is shut down; make another pool"
        case .wouldDeadlock:
            "the call would wait for its own caller, or too deep inside items; use a form that does not wait there, or "
                + "stopProducing(), or call it elsewhere"
        case .forked: "made before fork() and unusable in the child; make a pool and a producer there"
        case .system(let call, let code): "\(call) failed: \(CoreError.text(errno: code)) (\(code))"
        }
    }
}
