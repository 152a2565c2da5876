// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    public import OrderedProducer
    public import ServiceLifecycle

    /// A producer as a service of a `ServiceGroup`.
    ///
    /// ```swift
    /// let rows = try OrderedItemProducer<Row, Void>(pool: pool)
    /// try await rows.start { rows in for row in rows { try file.write(row) } }
    /// let group = ServiceGroup(
    ///     services: [WorkerPoolService(pool), ProducerService(rows, gracePeriod: .seconds(10)), server],
    ///     logger: logger)
    /// ```
    ///
    /// Attach the consumer before or while the service runs. The service keeps the producer.
    ///
    /// - **Graceful shutdown**: nothing more is accepted, what is outstanding is delivered, and ``run()`` returns when
    ///   the consumer has. What is not delivered when the grace period is over is dropped, as by `stopProducing()`, and
    ///   ``run()`` throws ``GracePeriodExceeded`` once the running items and the consumer have returned.
    /// - **The consumer's value** is not the service's: `stop()` gives it, before and after.
    /// - **Cancellation** of ``run()`` ends production at once.
    /// - **An error** that ends production (an item's, the consumer's, the sink's) ends ``run()`` with it.
    /// - **Production that ends by itself** (the consumer has left, somebody called `stop()`) ends ``run()`` without
    ///   one. A `ServiceGroup` takes that for an error unless the service's `successTerminationBehavior` says
    ///   otherwise. A `stop()` that is refused ends nothing.
    ///
    /// `ServiceGroup` shuts down in reverse order, so name what a service depends on before it: pool, producer, server.
    /// A service that throws while the group shuts down cancels the others, unless its `failureTerminationBehavior`
    /// says otherwise.
    public struct ProducerService: Service {
        private let production: any Production
        private let gracePeriod: Duration?
        private let clock: any Clock<Duration>

        /// A service that runs as long as `producer` produces.
        ///
        /// - Parameters:
        ///   - producer: Is kept by the service.
        ///   - gracePeriod: How long a graceful shutdown may take to deliver what is outstanding; `nil`: as long as it
        ///     takes.
        ///   - clock: What the grace period is measured with.
        public init<Item, Output>(
            _ producer: OrderedItemProducer<Item, Output>, gracePeriod: Duration? = nil,
            clock: any Clock<Duration> = ContinuousClock()
        ) {
            production = producer
            self.gracePeriod = gracePeriod
            self.clock = clock
        }

        /// As `init(_:gracePeriod:clock:)` for the other kind of producer.
        public init<Input, Item, Output>(
            _ producer: OrderedTransform<Input, Item, Output>, gracePeriod: Duration? = nil,
            clock: any Clock<Duration> = ContinuousClock()
        ) {
            production = producer
            self.gracePeriod = gracePeriod
            self.clock = clock
        }

        /// Runs until production has ended, of itself, by a graceful shutdown or by a cancellation. See
        /// ``ProducerService``.
        ///
        /// - Throws: What `stop()` throws; `CancellationError`; ``GracePeriodExceeded``.
        public func run() async throws {
            try await withTaskCancellationHandler {
                await firstOf({ try? await gracefulShutdown() }, { await production.waitForEnd() })
                try await drain()
            } onCancel: {
                production.stopProducingElsewhere()
            }
        }

        private func drain() async throws {
            let lost = Task { [production, clock, gracePeriod] in
                // Whatever else ends production takes the time that it takes.
                guard let gracePeriod, (try? await gracefulShutdown()) != nil,
                    (try? await clock.sleep(for: gracePeriod)) != nil
                else { return 0 }
                defer { production.stopProducing() }
                return production.statistics.outstanding
            }
            let end: Result<Void, any Error>
            do {
                end = .success(try await production.drain())
            } catch {
                end = .failure(error)
            }
            lost.cancel()
            let outstanding = await lost.value
            try end.get()
            try Task.checkCancellation()
            if let gracePeriod, outstanding > 0 {
                throw GracePeriodExceeded(gracePeriod: gracePeriod, outstanding: outstanding)
            }
        }
    }

    /// Returns when the first of the two has; the other one is cancelled.
    func firstOf(_ first: @escaping @Sendable () async -> Void, _ second: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await first() }
            group.addTask { await second() }
            await group.next()
            group.cancelAll()
        }
    }
#endif
