// SPDX-License-Identifier: Apache-2.0

/// An event that happens once, and that any number of tasks may wait for, before and after.
package final class EndSignal: Sendable {
    private enum State {
        case pending([UInt64: CheckedContinuation<Void, Never>])
        case fired
    }

    private let state = Locked(State.pending([:]))
    private let tickets = Locked<UInt64>(0)

    package init() {}

    package func fire() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .pending(let waiting) = state else { return [] }
            state = .fired
            return Array(waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }

    package var hasFired: Bool {
        state.withLock { state in
            if case .fired = state { return true }
            return false
        }
    }

    /// Returns when the event has happened, or the task is cancelled.
    package nonisolated(nonsending) func wait() async {
        let ticket = tickets.withLock { tickets in
            tickets += 1
            return tickets
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state -> Bool in
                    // A cancellation before this has found no one to resume.
                    guard case .pending(var waiting) = state, !Task.isCancelled else { return true }
                    waiting[ticket] = continuation
                    state = .pending(waiting)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .pending(var waiting) = state else { return nil }
                let continuation = waiting.removeValue(forKey: ticket)
                state = .pending(waiting)
                return continuation
            }
            waiting?.resume()
        }
    }
}
