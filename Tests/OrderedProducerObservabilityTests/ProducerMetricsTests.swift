// SPDX-License-Identifier: Apache-2.0
#if Metrics
    import Foundation
    import MetricsTestKit
    import Testing

    @testable import OrderedProducer
    @testable import OrderedProducerObservability

    @Suite(.endsWithin(minutes: 1))
    struct ProducerMetricsTests {
        private let backend = TestMetrics()
        private let dimensions = [("producer", "rows"), ("pool", "render")]

        private func counted(_ label: String, _ further: [(String, String)] = []) throws -> Int64 {
            try backend.expectCounter("ordered_producer_\(label)", dimensions + further).totalValue
        }

        private func shown(_ label: String) throws -> Double? {
            try backend.expectGauge("ordered_producer_\(label)", dimensions).lastValue
        }

        private func producer(
            window: Int = 64, policy: FailurePolicy = .endInOrder
        ) throws -> OrderedItemProducer<Int, Int> {
            var configuration = ProducerConfiguration(window: window)
            configuration.onFailure = policy
            return try OrderedItemProducer(pool: WorkerPool(threads: 1), configuration: configuration)
        }

        @Test func countersAreDifferences() async throws {
            let producer = try producer()
            let metrics = ProducerMetrics(producer, name: "rows", pool: "render", factory: backend)
            try await producer.start { $0.reduce(0, +) }
            metrics.update()
            #expect(try counted("items_requested") == 0)
            for value in 0..<10 { _ = try await producer.produceItem { value } }
            metrics.update()
            metrics.update()
            #expect(try counted("items_requested") == 10)
            for value in 0..<5 { _ = try await producer.produceItem { value } }
            _ = try await producer.stop()
            metrics.update()
            #expect(try counted("items_requested") == 15)
            #expect(try counted("items_delivered") == 15)
            let wakes = producer.statistics
            #expect(try counted("wakes", [("of", "worker")]) == Int64(wakes.workerWakes))
            #expect(try counted("wakes", [("of", "consumer")]) == Int64(wakes.consumerWakes))
            #expect(try counted("wakes", [("of", "caller")]) == Int64(wakes.callerWakes))
            #expect(try counted("items_assisted") == Int64(wakes.assisted))
            #expect(try counted("items_helped") == Int64(wakes.helped))
        }

        @Test func failedSkippedAndDiscarded() async throws {
            struct Refused: Error {}
            let skipping = try producer(policy: .skip)
            let metrics = ProducerMetrics(skipping, name: "rows", pool: "render", factory: backend)
            try await skipping.start { $0.reduce(0, +) }
            for value in 0..<10 {
                _ = try await skipping.produceItem {
                    if value < 3 { throw Refused() }
                    return value
                }
            }
            _ = try await skipping.stop()
            let dropped = try producer()
            metrics.add(dropped)
            for value in 0..<4 { _ = try await dropped.produceItem { value } }
            // Without a consumer everything is discarded.
            _ = try await dropped.stop()
            metrics.update()
            #expect(try counted("items_failed") == 3)
            #expect(try counted("items_skipped") == 3)
            #expect(try counted("items_discarded") == 4)
            #expect(try counted("items_delivered") == 7)
        }

        /// One item runs, three are finished and wait for it; those of another producer wait for a consumer.
        @Test func gaugesAreSums() async throws {
            let held = try OrderedItemProducer<Int, Never>(pool: WorkerPool(threads: 2))
            let metrics = ProducerMetrics(held, name: "rows", pool: "render", factory: backend)
            let (begun, release) = (EndSignal(), DispatchSemaphore(value: 0))
            _ = try await held.produceItem {
                begun.fire()
                release.wait()
                return 0
            }
            await begun.wait()
            for value in 1...3 { _ = try await held.produceItem { value } }
            let waiting = try producer()
            metrics.add(waiting)
            for value in 0..<6 { _ = try await waiting.produceItem { value } }
            while held.statistics.finishedWaiting < 3 || waiting.statistics.finishedWaiting < 6 { await Task.yield() }
            metrics.update()
            #expect(try shown("items_running") == 1)
            #expect(try shown("items_finished_waiting") == 9)
            #expect(try shown("items_outstanding") == 10)
            release.signal()
            _ = try await held.stop()
            _ = try await waiting.stop()
        }

        /// What it does while it ends is counted as well, and then nothing of it is left.
        @Test func aProducerLeavesWhenAllOfItIsOver() async throws {
            var producer: OrderedItemProducer<Int, Int>? = try producer()
            let metrics = ProducerMetrics(try #require(producer), name: "rows", pool: "render", factory: backend)
            let (begun, release) = (EndSignal(), DispatchSemaphore(value: 0))
            _ = try await producer?.produceItem {
                begun.fire()
                release.wait()
                return 0
            }
            _ = try await producer?.produceItem { 1 }
            await begun.wait()
            weak let core = producer?.core
            producer = nil
            metrics.update()
            #expect(try shown("items_outstanding") ?? 0 > 0)
            release.signal()
            while core != nil {
                try Task.checkCancellation()
                metrics.update()
                await Task.yield()
            }
            #expect(try counted("items_discarded") == 2)
            #expect(try shown("items_outstanding") == 0)
        }

        @Test func gaugesShowWhatIsNow() async throws {
            let producer = try producer()
            let metrics = ProducerMetrics(producer, name: "rows", pool: "render", factory: backend)
            for value in 0..<6 { _ = try await producer.produceItem { value } }
            metrics.update()
            // There is no consumer yet.
            #expect(try shown("items_outstanding") == 6)
            try await producer.start { $0.reduce(0, +) }
            _ = try await producer.stop()
            metrics.update()
            #expect(try shown("items_outstanding") == 0)
            #expect(try shown("items_running") == 0)
            #expect(try shown("items_finished_waiting") == 0)
        }

        /// The consumer waits for an item that one thread makes, while the other one makes those behind it.
        @Test func stallsAreACounter() async throws {
            let stalling = try OrderedItemProducer<Int, Never>(pool: WorkerPool(threads: 2))
            let metrics = ProducerMetrics(stalling, name: "rows", pool: "render", factory: backend)
            let items = try stalling.items()
            // Waits for the first item when this returns.
            let consumer = Task.immediate { try await items.reduce(0, +) }
            let (begun, made, release) = (EndSignal(), EndSignal(), DispatchSemaphore(value: 0))
            _ = try await stalling.produceItem {
                begun.fire()
                release.wait()
                return 0
            }
            await begun.wait()
            for value in 1...3 {
                _ = try await stalling.produceItem {
                    if value == 3 { made.fire() }
                    return value
                }
            }
            await made.wait()
            release.signal()
            _ = try await stalling.stop()
            #expect(try await consumer.value == 6)
            metrics.update()
            metrics.update()
            let stall = stalling.statistics.headOfLineStall
            #expect(stall > 0)
            #expect(try counted("head_of_line_stall_nanoseconds") == Int64(stall))
            let longest = Double(stalling.statistics.longestStall) / 1e9
            #expect(try shown("longest_stall_seconds") == longest)
            metrics.remove(stalling)
            metrics.add(try producer())
            metrics.update()
            #expect(try shown("longest_stall_seconds") == longest)
        }

        /// An item that was overtaken and goes on is shown as long as it does, though its producer is gone.
        @Test func lateItemsAreShownUntilTheyAreDone() async throws {
            var configuration = ProducerConfiguration()
            configuration.allowsDeadlines = true
            var late: OrderedItemProducer<Int, Never>? = try OrderedItemProducer(
                pool: WorkerPool(threads: 1), configuration: configuration, substitute: { _ in 0 })
            let metrics = ProducerMetrics(try #require(late), name: "rows", pool: "render", factory: backend)
            let (begun, delivered) = (EndSignal(), EndSignal())
            let (release, read) = (DispatchSemaphore(value: 0), try #require(late).statisticsReader)
            _ = try await late?.produceItem(within: .nanoseconds(1)) {
                begun.fire()
                release.wait()
                return 1
            }
            // Nobody waits for it before there is a consumer, so it is not overtaken before it has begun.
            await begun.wait()
            try late?.start(onItem: { _ in delivered.fire() })
            await delivered.wait()
            late = nil
            metrics.update()
            #expect(try shown("items_late") == 1)
            #expect(try shown("items_outstanding") == 0)
            metrics.update()
            #expect(try shown("items_late") == 1)
            release.signal()
            while read().late > 0 { await Task.yield() }
            metrics.update()
            #expect(try shown("items_late") == 0)
            #expect(try counted("items_overtaken") == 1)
        }

        @Test func producersShareOneObject() async throws {
            let metrics = ProducerMetrics(name: "rows", pool: "render", factory: backend)
            for _ in 0..<5 {
                let producer = try producer()
                metrics.add(producer)
                metrics.add(producer)
                try await producer.start { $0.reduce(0, +) }
                for value in 0..<4 { _ = try await producer.produceItem { value } }
                _ = try await producer.stop()
            }
            // They are gone, and what they did is not.
            metrics.update()
            metrics.update()
            #expect(try counted("items_delivered") == 20)
            let removed = try producer()
            metrics.add(removed)
            for value in 0..<4 { _ = try await removed.produceItem { value } }
            metrics.remove(removed)
            for value in 0..<4 { _ = try await removed.produceItem { value } }
            metrics.update()
            #expect(try counted("items_requested") == 24)
            #expect(try shown("items_outstanding") == 0)
            // However many producers there were: one metric each.
            #expect(backend.counters.count == 12)
            #expect(backend.recorders.count == 5)
            #expect(backend.timers.isEmpty)
        }

        @Test func metricsDoNotKeepTheProducer() async throws {
            let metrics = ProducerMetrics(name: "rows", factory: backend)
            weak var gone: OrderedItemProducer<Int, Int>?
            do {
                let producer = try producer()
                gone = producer
                metrics.add(producer)
            }
            #expect(gone == nil)
            metrics.update()
        }

        @Test func runUpdatesAtItsEnd() async throws {
            let producer = try producer()
            let metrics = ProducerMetrics(producer, name: "rows", pool: "render", factory: backend)
            for value in 0..<3 { _ = try await producer.produceItem { value } }
            let running = Task.immediate { await metrics.run(every: .seconds(3600)) }
            #expect(try counted("items_requested") == 3)
            _ = try await producer.produceItem { 4 }
            running.cancel()
            await running.value
            #expect(try counted("items_requested") == 4)
        }

        @Test func runUpdatesAfterEachInterval() async throws {
            let producer = try producer()
            let metrics = ProducerMetrics(producer, name: "rows", pool: "render", factory: backend)
            let clock = SteppedClock()
            let running = Task { await metrics.run(every: .seconds(10), clock: clock) }
            var asleep = clock.sleeps.makeAsyncIterator()
            for count: Int64 in 0..<3 {
                let wake = try #require(await asleep.next())
                #expect(try counted("items_requested") == count)
                _ = try await producer.produceItem { 0 }
                wake.resume()
            }
            running.cancel()
            await running.value
        }

        @Test func aProducerThatIsAddedAgainIsCountedOnce() async throws {
            let producer = try producer()
            let metrics = ProducerMetrics(producer, name: "rows", pool: "render", factory: backend)
            _ = try await producer.produceItem { 0 }
            metrics.update()
            metrics.add(producer)
            metrics.update()
            #expect(try counted("items_requested") == 1)
        }
    }
#endif
