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

        @Test func thePoolWorksUntilTheShutdown() async throws {
            let pool = try WorkerPool(threads: 1)
            try await testGracefulShutdown { trigger in
                async let running: Void = WorkerPoolService(pool).run()
                for _ in 0..<1_000 { try await pool.run {} }
                trigger.triggerGracefulShutdown()
                try await running
            }
            await #expect(throws: ProducerError.poolShutDown) { try await pool.run {} }
        }

        /// With or without a grace period: the service ends when the pool has.
        @Test(arguments: [nil, Duration.seconds(5)])
        func theShutdownWaitsForProducers(gracePeriod: Duration?) async throws {
            let pool = try WorkerPool(threads: 1)
            let producer = try OrderedItemProducer<Int, Never>(pool: pool)
            _ = try await producer.produceItem { 1 }  // which nobody takes
            let hasEnded = Gate()
            try await testGracefulShutdown { trigger in
                let running = Task {
                    try await WorkerPoolService(pool, gracePeriod: gracePeriod, clock: ManualClock()).run()
                    hasEnded.open()
                }
                trigger.triggerGracefulShutdown()
                // The pool refuses from the beginning of its shutdown on.
                while (try? OrderedItemProducer<Int, Never>(pool: pool)) != nil { await Task.yield() }
                for _ in 0..<1_000 { await Task.yield() }
                #expect(!hasEnded.isOpen)
                producer.stopProducing()
                try await running.value
            }
        }

        @Test func graceEndsWithTheGracePeriod() async throws {
            let pool = try WorkerPool(threads: 1)
            let clock = ManualClock()
            let producer = try OrderedItemProducer<Int, Never>(pool: pool)
            _ = try await producer.produceItem { 1 }  // which nobody takes
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
            _ = try await producer.produceItem { 1 }  // which nobody takes
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
