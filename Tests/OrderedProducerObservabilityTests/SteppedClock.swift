// SPDX-License-Identifier: Apache-2.0
#if Logging || Metrics
    import OrderedProducer

    /// A clock that does not move: who sleeps is told to those who read ``sleeps``, and wakes when they say so.
    final class SteppedClock: Clock {
        /// One sleep.
        struct Sleep: Sendable {
            fileprivate let over = EndSignal()

            func resume() { over.fire() }
        }

        let sleeps: AsyncStream<Sleep>
        private let told: AsyncStream<Sleep>.Continuation

        init() { (sleeps, told) = AsyncStream.makeStream() }

        var now: ContinuousClock.Instant { ContinuousClock.now }
        var minimumResolution: Duration { .nanoseconds(1) }

        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
            let sleep = Sleep()
            told.yield(sleep)
            await sleep.over.wait()
            try Task.checkCancellation()
        }
    }
#endif
