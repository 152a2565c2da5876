// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A thread inside a cancellation handler, where the runtime holds a lock of the task: no place for a user's code.
enum Handler {
    private static let key = "inside a cancellation handler"

    static var isHere: Bool { Thread.current.threadDictionary[key] != nil }

    /// Cancels the task: its handlers run on this thread.
    static func cancel<Success, Failure>(_ task: Task<Success, Failure>) {
        Thread.current.threadDictionary[key] = true
        task.cancel()
        Thread.current.threadDictionary[key] = nil
    }
}

/// Notes where its end came.
final class HandlerWitness: Sendable {
    private let ledger: Ledger
    private let ends: Locked<(inside: Int, outside: Int)>

    init(_ ledger: Ledger, _ ends: Locked<(inside: Int, outside: Int)>) {
        (self.ledger, self.ends) = (ledger, ends)
        ledger.add()
    }

    deinit {
        ends.withLock { if Handler.isHere { $0.inside += 1 } else { $0.outside += 1 } }
        ledger.remove()
    }
}
