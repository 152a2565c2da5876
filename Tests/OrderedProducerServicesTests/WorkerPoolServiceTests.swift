// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    import OrderedProducer
    import OrderedProducerServices
    import ServiceLifecycle
    import ServiceLifecycleTestKit
    import Testing

    @Suite(.endsWithin(minutes: 1))
    struct WorkerPoolServiceTests {
        @Test func gracefulShutdownEndsThePool() async throws {
            let pool = try WorkerPool(threads: 1)
            try await testGracefulShutdown { trigger in
                async let running: Void = WorkerPoolService(pool, gracePeriod: .seconds(5), clock: ManualClock()).run()
                trigger.triggerGracefulShutdown()
                try await running
            }
            await #expect(throws: ProducerError.poolShutDown) { try await pool.run {} }
        }

        @Test func graceEndsWithTheGracePeriod() async throws {
            let pool = try WorkerPool(threads: 1)
            let clock = ManualClock()
            let producer = try OrderedItemProducer<Int, Never>(pool: pool)
            await testGracefulShutdown { trigger in
                let service = WorkerPoolService(pool, gracePeriod: .seconds(5), clock: clock)
                let running = Task { try await service.run() }
                trigger.triggerGracefulShutdown()
                await clock.someoneSleeps.opened()
                clock.advance(by: .seconds(5))
                await #expect(throws: GracePeriodExceeded(gracePeriod: .seconds(5), outstanding: nil)) {
                    try await running.value
                }
            }
            producer.stopProducing()
            await pool.shutdown()
        }

        @Test func cancellationWaitsForNothing() async throws {
            let pool = try WorkerPool(threads: 1)
            let producer = try OrderedItemProducer<Int, Never>(pool: pool)
            let running = Task { try await WorkerPoolService(pool).run() }
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            producer.stopProducing()
            await pool.shutdown()
        }

        /// The order that the documentation recommends: the pool ends after the producer, and nothing is lost.
        @Test func groupOfPoolAndProducer() async throws {
            let pool = try WorkerPool(threads: 2)
            let producer = try OrderedItemProducer<Int, Int>(pool: pool)
            let sum = Locked(0)
            try await producer.start { items in
                for item in items { sum.withLock { $0 += item } }
                return 0
            }
            for value in 0..<100 { _ = try await producer.produceItem { value } }
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: WorkerPoolService(pool)), .init(service: ProducerService(producer))],
                    logger: .init(label: "test")))
            async let running: Void = group.run()
            await group.triggerGracefulShutdown()
            try await running
            #expect(sum.withLock { $0 } == 4950)
            await #expect(throws: ProducerError.poolShutDown) { try await pool.run {} }
        }
    }
#endif
