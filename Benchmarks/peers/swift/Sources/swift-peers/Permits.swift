// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A counting semaphore for one task that waits at a time, without blocking its thread.
final class Permits: Sendable {
    private struct State {
        var free: Int
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        if tryTake() { return }
        await withCheckedContinuation { waiter in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiter = waiter
                return false
            }
            if isFree { waiter.resume() }
        }
    }

    func put() {
        let waiter = state.withLock { state in
            if state.waiter == nil { state.free += 1 }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    private func tryTake() -> Bool {
        state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }
}
