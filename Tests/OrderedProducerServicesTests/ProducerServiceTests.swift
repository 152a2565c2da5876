// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    import OrderedProducer
    import OrderedProducerServices
    import ServiceLifecycle
    import ServiceLifecycleTestKit
    import Testing

    struct TestError: Error, Equatable {}

    @Suite(.endsWithin(minutes: 1))
    struct ProducerServiceTests {
        /// A producer whose first item, 0, is held, with a few behind it.
        private struct Line {
            let producer: OrderedItemProducer<Int, Int>
            let held = Gate()
            let received = Locked([Int]())
            /// Opens where the consumer has left.
            let left = Gate()

            init() async throws {
                var configuration = ProducerConfiguration(window: 8)
                // The consumer is not to be inside the held item.
                configuration.assists = false
                producer = try OrderedItemProducer(pool: WorkerPool(threads: 2), configuration: configuration)
                let begun = Gate()
                try await producer.start { [received, left] items in
                    defer { left.open() }
                    for item in items { received.withLock { $0.append(item) } }
                    return 0
                }
                try await producer.produceItem { [held] in
                    begun.open()
                    held.wait()
                    return 0
                }
                for value in 1..<4 { try await producer.produceItem { value } }
                await begun.opened()
            }
        }

        @Test func gracefulShutdownDelivers() async throws {
            let line = try await Line()
            let clock = ManualClock()
            try await testGracefulShutdown { trigger in
                async let running: Void = ProducerService(line.producer, gracePeriod: .seconds(5), clock: clock).run()
                trigger.triggerGracefulShutdown()
                await clock.someoneSleeps.opened()
                // Soon nothing more is accepted, though the grace period has hardly begun.
                while try await line.producer.produceItem({ 100 }) != nil {}
                line.held.open()
                try await running
            }
            #expect(line.received.withLock { $0 }.filter { $0 < 100 } == [0, 1, 2, 3])
        }

        @Test func graceEndsWithTheGracePeriod() async throws {
            let line = try await Line()
            let clock = ManualClock()
            await testGracefulShutdown { trigger in
                let service = ProducerService(line.producer, gracePeriod: .seconds(5), clock: clock)
                let running = Task { try await service.run() }
                trigger.triggerGracefulShutdown()
                await clock.someoneSleeps.opened()
                clock.advance(by: .seconds(4))
                #expect(line.producer.statistics.outstanding == 4)
                clock.advance(by: .seconds(1))
                // The running item is waited for, and dropped: production has ended before it is let go.
                await line.left.opened()
                line.held.open()
                await #expect(throws: GracePeriodExceeded(gracePeriod: .seconds(5), outstanding: 4)) {
                    try await running.value
                }
            }
            #expect(line.received.withLock { $0 } == [])
        }

        @Test func cancellationEndsAtOnce() async throws {
            let line = try await Line()
            let running = Task { try await ProducerService(line.producer, gracePeriod: .seconds(5)).run() }
            running.cancel()
            await line.left.opened()
            line.held.open()
            await #expect(throws: CancellationError.self) { try await running.value }
            #expect(line.received.withLock { $0 } == [])
        }

        @Test func cancellationDuringTheGracePeriodEndsAtOnce() async throws {
            let line = try await Line()
            let clock = ManualClock()
            await testGracefulShutdown { trigger in
                let running = Task {
                    try await ProducerService(line.producer, gracePeriod: .seconds(5), clock: clock).run()
                }
                trigger.triggerGracefulShutdown()
                await clock.someoneSleeps.opened()
                running.cancel()
                await line.left.opened()
                line.held.open()
                await #expect(throws: CancellationError.self) { try await running.value }
            }
            #expect(line.received.withLock { $0 } == [])
        }

        @Test func failureEndsTheService() async throws {
            let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
            try await producer.start { $0.reduce(0, +) }
            let running = Task { try await ProducerService(producer).run() }
            try await producer.produceItem { throw TestError() }
            let failure = await #expect(throws: ItemFailure.self) { try await running.value }
            #expect(failure?.underlying is TestError)
        }

        @Test func errorOfTheConsumerEndsTheService() async throws {
            let producer = try OrderedTransform<Int, Int, Int>(pool: WorkerPool(threads: 1)) { $0 }
            try await producer.start { _ in throw TestError() }
            await #expect(throws: TestError.self) { try await ProducerService(producer).run() }
        }

        @Test func errorOfTheSinkEndsTheService() async throws {
            let producer = try OrderedItemProducer<Int, Never>(pool: WorkerPool(threads: 1))
            try producer.start(onItem: { _ in throw TestError() })
            let running = Task { try await ProducerService(producer).run() }
            try await producer.produceItem { 1 }
            await #expect(throws: TestError.self) { try await running.value }
        }

        @Test func productionThatIsStoppedEndsTheService() async throws {
            let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
            try await producer.start { $0.reduce(0, +) }
            let running = Task { try await ProducerService(producer).run() }
            try await producer.produceItem { 1 }
            _ = try await producer.stop()
            try await running.value
        }

        /// The grace period is for a shutdown, of which there is none here.
        @Test func productionThatIsStoppedMayTakeItsTime() async throws {
            let line = try await Line()
            let clock = ManualClock()
            let service = ProducerService(line.producer, gracePeriod: .seconds(5), clock: clock)
            async let running: Void = service.run()
            async let stopped = line.producer.stop()
            line.held.open()
            _ = try await stopped
            try await running
            #expect(line.received.withLock { $0 } == [0, 1, 2, 3])
            #expect(!clock.someoneSleeps.isOpen)
        }

        @Test func withoutAGracePeriodTheShutdownWaits() async throws {
            let line = try await Line()
            try await testGracefulShutdown { trigger in
                async let running: Void = ProducerService(line.producer).run()
                trigger.triggerGracefulShutdown()
                line.held.open()
                try await running
            }
            #expect(line.received.withLock { $0 } == [0, 1, 2, 3])
        }
    }
#endif
