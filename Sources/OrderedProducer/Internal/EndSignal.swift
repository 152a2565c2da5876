// SPDX-License-Identifier: Apache-2.0

/// An event that happens once, and that any number of tasks may wait for, before and after.
package final class EndSignal: Sendable {
    /// Not an enum: to change a dictionary in its payload is to copy it.
    private struct State {
        var hasFired = false
        var tickets: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Locked(State())

    package init() {}

    package func fire() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.hasFired = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }

    package var hasFired: Bool {
        state.withLock { $0.hasFired }
    }

    /// Returns when the event has happened, or the task is cancelled.
    package nonisolated(nonsending) func wait() async {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state -> Bool in
                    // A cancellation before this has found no one to resume.
                    guard !state.hasFired, !Task.isCancelled else { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
