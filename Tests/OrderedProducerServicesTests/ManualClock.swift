// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    import Foundation
    import OrderedProducer

    /// A clock that stands still until it is told otherwise.
    final class ManualClock: Clock, Sendable {
        struct Instant: InstantProtocol {
            var offset: Duration
            func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
            func duration(to other: Instant) -> Duration { other.offset - offset }
            static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
        }

        private struct State {
            var now = Instant(offset: .zero)
            var sleepers: [(until: Instant, wake: Gate)] = []
        }

        private let state = Locked(State())
        /// Opens when somebody sleeps.
        let someoneSleeps = Gate()

        var now: Instant { state.withLock { $0.now } }
        var minimumResolution: Duration { .nanoseconds(1) }

        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            let wake = Gate()
            state.withLock { state in
                if state.now < deadline { state.sleepers.append((deadline, wake)) } else { wake.open() }
            }
            someoneSleeps.open()
            await withTaskCancellationHandler {
                await wake.opened()
            } onCancel: {
                wake.open()
            }
            try Task.checkCancellation()
        }

        func advance(by duration: Duration) {
            let woken = state.withLock { state in
                state.now = state.now.advanced(by: duration)
                let woken = state.sleepers.filter { $0.until <= state.now }
                state.sleepers.removeAll { $0.until <= state.now }
                return woken.map(\.wake)
            }
            for wake in woken { wake.open() }
        }
    }

    /// A clock on which nobody can sleep.
    final class BrokenClock: Clock, Sendable {
        /// Opens when somebody tries.
        let wasAsked = Gate()

        var now: ContinuousClock.Instant { ContinuousClock.now }
        var minimumResolution: Duration { .nanoseconds(1) }

        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
            wasAsked.open()
            throw TestError()
        }
    }

    /// An event that happens once. Threads and tasks may wait for it, before and after, cancelled or not.
    final class Gate: Sendable {
        private let signal = EndSignal()
        private let semaphore = DispatchSemaphore(value: 0)

        func open() {
            signal.fire()
            semaphore.signal()
        }

        var isOpen: Bool { signal.hasFired }

        func opened() async {
            let signal = signal
            await Task.detached { await signal.wait() }.value
        }

        /// Blocks: for items and consumers, which run in threads of their own.
        func wait() {
            semaphore.wait()
            semaphore.signal()
        }
    }
#endif
