// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    public import OrderedProducer
    public import ServiceLifecycle

    /// A worker pool as a service of a `ServiceGroup`: its threads end with the group.
    ///
    /// A graceful shutdown is `WorkerPool.shutdown()`: the pool refuses new work, and its producers finish what is
    /// outstanding. Callers that ask for more are refused, so name the pool before the producers: `ServiceGroup` shuts
    /// down in reverse order. Where producers have not ended within the grace period, ``run()`` throws
    /// ``GracePeriodExceeded``; the pool's threads then end as soon as the producers do. Where ``run()`` is cancelled
    /// it begins the shutdown, waits for nothing, and throws `CancellationError`.
    ///
    /// Not for `WorkerPool.shared`, which others may go on using.
    public struct WorkerPoolService: Service {
        private let pool: WorkerPool
        private let gracePeriod: Duration?
        private let clock: any Clock<Duration>

        /// A service that shuts `pool` down at its end.
        ///
        /// - Parameters:
        ///   - pool: Is kept by the service.
        ///   - gracePeriod: How long a graceful shutdown may wait for the producers on the pool; `nil`: as long as it
        ///     takes.
        ///   - clock: What the grace period is measured with.
        public init(
            _ pool: WorkerPool, gracePeriod: Duration? = nil, clock: any Clock<Duration> = ContinuousClock()
        ) {
            self.pool = pool
            self.gracePeriod = gracePeriod
            self.clock = clock
        }

        /// Runs until it is told to shut down. See ``WorkerPoolService``.
        ///
        /// - Throws: `CancellationError` or ``GracePeriodExceeded``.
        public func run() async throws {
            try? await gracefulShutdown()
            let end = EndSignal()
            // Nobody can cancel the wait, so it is left behind where there is no time for it.
            Task { [pool] in
                await pool.shutdown()
                end.fire()
            }
            await firstOf(
                { await end.wait() },
                { [gracePeriod, clock] in
                    guard let gracePeriod else { return await end.wait() }
                    try? await clock.sleep(for: gracePeriod)
                })
            if end.hasFired { return }
            try Task.checkCancellation()
            if let gracePeriod { throw GracePeriodExceeded(gracePeriod: gracePeriod, outstanding: nil) }
        }
    }
#endif
