// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// An event that happens once. Threads and tasks may wait for it, before and after.
final class Gate: Sendable {
    private enum State {
        case closed([CheckedContinuation<Void, Never>])
        case open
    }

    private let state = Locked(State.closed([]))
    private let semaphore = DispatchSemaphore(value: 0)

    func open() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .closed(let waiting) = state else { return [] }
            state = .open
            return waiting
        }
        semaphore.signal()
        for continuation in waiting { continuation.resume() }
    }

    var isOpen: Bool {
        state.withLock { state in
            if case .open = state { return true }
            return false
        }
    }

    /// Blocks: for item functions and consumers, which run in threads of their own.
    func wait() {
        semaphore.wait()
        semaphore.signal()
    }

    /// Suspends.
    func opened() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state -> Bool in
                guard case .closed(let waiting) = state else { return true }
                state = .closed(waiting + [continuation])
                return false
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// An event that is the `count`-th of its kind.
final class Countdown: Sendable {
    private let remaining: Atomic<Int>
    let done = Gate()

    init(_ count: Int) {
        remaining = Atomic(count)
        if count == 0 { done.open() }
    }

    func signal() {
        if remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done.open() }
    }
}

/// Runs `body`, which may block, in a thread of its own.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    let call = Locked(Optional(body))
    // What `body` holds is gone when the caller goes on, even if the thread still lives a moment.
    let run = { @Sendable () -> Result<T, any Error> in
        let body = call.withLock { $0.take() }
        return Result { try body!() }
    }
    return try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: run()) }
    }
}
