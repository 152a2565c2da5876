// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    import Foundation
    import OrderedProducer
    import ServiceLifecycle
    import ServiceLifecycleTestKit
    import Testing

    @testable import OrderedProducerServices

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
                    var count = 0
                    for item in items {
                        received.withLock { $0.append(item) }
                        count += 1
                    }
                    return count
                }
                _ = try await producer.produceItem { [held] in
                    begun.open()
                    held.wait()
                    return 0
                }
                for value in 1..<4 { _ = try await producer.produceItem { value } }
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

        /// What is outstanding is destroyed by code of the user's; the runtime holds a lock of the task in a handler.
        @Test func theCancellationHandlerDestroysNothing() async throws {
            final class Item: Sendable {
                let ends: Locked<[Bool]>
                init(_ ends: Locked<[Bool]>) { self.ends = ends }
                deinit { ends.withLock { $0.append(Thread.current.threadDictionary["cancels"] != nil) } }
            }
            let ends = Locked([Bool]())
            let producer = try OrderedItemProducer<Item, Void>(pool: WorkerPool(threads: 1))
            for _ in 0..<8 { _ = try await producer.produceItem { Item(ends) } }
            while producer.statistics.finishedWaiting < 8 { await Task.yield() }
            let running = Task.immediate { try await ProducerService(producer).run() }
            // The handlers run on this thread.
            let cancel = {
                Thread.current.threadDictionary["cancels"] = true
                running.cancel()
                Thread.current.threadDictionary["cancels"] = nil
            }
            cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            #expect(ends.withLock { $0 } == Array(repeating: false, count: 8))
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
            _ = try await producer.produceItem { throw TestError() }
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
            _ = try await producer.produceItem { 1 }
            await #expect(throws: TestError.self) { try await running.value }
        }

        @Test func productionThatIsStoppedEndsTheService() async throws {
            let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
            try await producer.start { $0.reduce(0, +) }
            let running = Task { try await ProducerService(producer).run() }
            _ = try await producer.produceItem { 1 }
            _ = try await producer.stop()
            try await running.value
        }

        /// Refused where it would wait for itself, it changes nothing, not even for the service.
        @Test(arguments: ["consumer", "sink", "item", "async item"])
        func aStopThatIsRefusedDoesNotEndTheService(from place: String) async throws {
            let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
            let refused = Gate()
            let stop: @Sendable () -> Void = {
                #expect(throws: ProducerError.wouldDeadlock) { try producer.stop() }
                refused.open()
            }
            let delivered = Locked([Int]())
            if place == "sink" {
                try producer.start(onItem: { item in
                    if item == 1 { stop() }
                    delivered.withLock { $0.append(item) }
                })
            } else {
                try await producer.start { items in
                    for item in items {
                        if place == "consumer", item == 1 { stop() }
                        delivered.withLock { $0.append(item) }
                    }
                    return 3
                }
            }
            let service = Task { try await ProducerService(producer).run() }
            if place == "async item" {
                _ = try await producer.produceItem { () async in
                    await #expect(throws: ProducerError.wouldDeadlock) { try await producer.stop() }
                    refused.open()
                    return 1
                }
            } else {
                _ = try await producer.produceItem {
                    if place == "item" { stop() }
                    return 1
                }
            }
            await refused.opened()
            // Whatever the service had been told, it has acted on it when this one has: both are served in turn.
            await firstOf({ await producer.waitForEnd() }, { for _ in 0..<100 { await Task.yield() } })
            for value in 2...3 { #expect(try await producer.produceItem { value } != nil) }
            let outcome = try await producer.stop()
            #expect(outcome == (place == "sink" ? nil : 3))
            try await service.value
            #expect(delivered.withLock { $0 } == [1, 2, 3])
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

        @Test func afterAGracefulShutdownStopHasTheValue() async throws {
            let line = try await Line()
            try await testGracefulShutdown { trigger in
                async let running: Void = ProducerService(line.producer, gracePeriod: .seconds(5)).run()
                trigger.triggerGracefulShutdown()
                line.held.open()
                try await running
            }
            #expect(try await line.producer.stop() == 4)
            #expect(try await line.producer.stop() == nil)
        }

        /// The service waits for the same end, and gets there first or second.
        @Test func stopHasTheValueWhereAServiceWatches() async throws {
            for _ in 0..<50 {
                let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
                try await producer.start { $0.reduce(0, +) }
                let running = Task { try await ProducerService(producer).run() }
                _ = try await producer.produceItem { 7 }
                #expect(try await producer.stop() == 7)
                try await running.value
            }
        }

        @Test func theConsumersErrorIsForBothTheServiceAndStop() async throws {
            let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
            try await producer.start { _ in throw TestError() }
            await #expect(throws: TestError.self) { try await ProducerService(producer).run() }
            await #expect(throws: TestError.self) { try await producer.stop() }
            // What ended production is the service's to tell, also where `stop()` has told somebody else.
            await #expect(throws: TestError.self) { try await ProducerService(producer).run() }
            #expect(try await producer.stop() == nil)
        }

        @Test func afterTheGracePeriodStopHasTheValue() async throws {
            let line = try await Line()
            let clock = ManualClock()
            await testGracefulShutdown { trigger in
                let service = ProducerService(line.producer, gracePeriod: .seconds(5), clock: clock)
                let running = Task { try await service.run() }
                trigger.triggerGracefulShutdown()
                await clock.someoneSleeps.opened()
                clock.advance(by: .seconds(5))
                await line.left.opened()
                line.held.open()
                await #expect(throws: GracePeriodExceeded.self) { try await running.value }
            }
            #expect(try await line.producer.stop() == 0)
        }

        /// Nothing is dropped by a clock that does not work.
        @Test func aClockThatFailsEndsNoGrace() async throws {
            let line = try await Line()
            let clock = BrokenClock()
            try await testGracefulShutdown { trigger in
                async let running: Void = ProducerService(line.producer, gracePeriod: .seconds(5), clock: clock).run()
                trigger.triggerGracefulShutdown()
                await clock.wasAsked.opened()
                while try await line.producer.produceItem({ 100 }) != nil {}
                line.held.open()
                try await running
            }
            #expect(line.received.withLock { $0 }.prefix(4) == [0, 1, 2, 3])
        }

        @Test func whatExceedsTheGracePeriodIsASentence() {
            #expect(
                "\(GracePeriodExceeded(gracePeriod: .seconds(5), outstanding: 4))"
                    == "4 items were not delivered within the grace period of 5.0 seconds, and were dropped")
            #expect(
                "\(GracePeriodExceeded(gracePeriod: .seconds(5), outstanding: nil))"
                    == "producers on the worker pool had not ended within the grace period of 5.0 seconds")
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
