// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// Rows of the endings table about `stopProducing()`, and about `stop()` where it would wait for its own caller.
@Suite(.endsWithin(minutes: 1))
struct StopProducingTests {
    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func endsAtOnceAndForGood(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            var configuration = ProducerConfiguration(window: 8)
            configuration.assists = false  // a consumer inside an item could not leave before it is made
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: configuration)
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            var held = Make(0, ledger)
            held.gate = Gate()
            held.begun = Gate()
            #expect(try await line.produce(held) == .accepted)
            await held.begun?.opened()
            for value in 1..<8 {
                var make = Make(value, ledger)
                make.gate = held.gate
                #expect(try await line.produce(make) == .accepted)
            }
            line.stopProducing()
            if kind != .sink { await consumer.ended.opened() }  // item 0 still runs
            line.resume()
            #expect(try await line.produce(Make(8, ledger)) == .ended)
            held.gate?.open()
            #expect(try await line.stop() == consumer.value(0))
            await consumer.finished()
            #expect(consumer.received == [])
            if !way.isTask { #expect(ledger.begun == [0]) }
            let statistics = line.statistics
            #expect(statistics.delivered == 0)
            #expect(statistics.outstanding == 0)
            if !way.isTask { #expect(statistics.failed == 0) }
        }
    }

    @Test(arguments: Way.allCases)
    func endsWithoutAConsumerToo(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
            for value in 0..<8 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
            line.stopProducing()
            await #expect(throws: ProducerError.ended) { try await line.start { _ in 0 } }
            #expect(throws: ProducerError.ended) { _ = try line.items() }
            #expect(try await line.stop() == nil)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func isAllowedInsideItems(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            var ending = Make(0, ledger)
            ending.inside = { [weak line] in line?.stopProducing() }
            #expect(try await line.produce(ending) == .accepted)
            while try await line.produce(contended: Make(1, ledger)) != .ended { await Task.yield() }
            #expect(try await line.stop() == consumer.value(0))
            await consumer.finished()
            #expect(consumer.received == [])
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func stopInsideAnItemIsRefused(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            var stopping = Make(0, ledger)
            stopping.made = Countdown(1)
            stopping.inside = { [weak line] in
                #expect(throws: ProducerError.wouldDeadlock) { _ = try line?.stopBlocking() }
            }
            #expect(try await line.produce(stopping) == .accepted)
            await stopping.made?.done.opened()
            // Nothing changed: production goes on.
            #expect(try await line.produce(Make(1, ledger)) == .accepted)
            #expect(try await line.stop() == consumer.value(2))
            await consumer.finished()
            #expect(consumer.received == [0, 1])
        }
    }

    @Test(arguments: Way.allCases, [Consumer.Kind.thread, .sink])
    func blockingStopInsideTheConsumerIsRefused(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
            let tried = Gate()
            let consumer = Consumer(kind) { [weak line] value in
                guard value == 0 else { return .goOn }
                defer { tried.open() }
                #expect(throws: ProducerError.wouldDeadlock) { _ = try line?.stopBlocking() }
                return .goOn
            }
            try await consumer.attach(to: line)
            #expect(try await line.produce(Make(0, ledger)) == .accepted)
            await tried.opened()
            #expect(try await line.produce(Make(1, ledger)) == .accepted)
            #expect(try await line.stop() == consumer.value(2))
            await consumer.finished()
            #expect(consumer.received == [0, 1])
        }
    }

    @Test(arguments: Way.allCases)
    func awaitedStopInTheIteratingTaskIsRefused(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
            for value in 0..<3 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
            var received: [Int] = []
            for try await token in try line.items() {
                received.append(token.value)
                await #expect(throws: ProducerError.wouldDeadlock) { try await line.stop() }
                if received.count == 3 { Task { try await line.stop() } }
            }
            #expect(received == [0, 1, 2])
            #expect(try await line.stop() == nil)  // the iteration is over: there is nothing to wait for
        }
    }

    @Test func awaitedStopInsideAnAsyncItemIsRefused() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        try await producer.start { $0.reduce(0, +) }
        let tried = Gate()
        _ = try await producer.produceItem { () async throws -> Int in
            defer { tried.open() }
            await #expect(throws: ProducerError.wouldDeadlock) { try await producer.stop() }
            async let child = #expect(throws: ProducerError.wouldDeadlock) {
                _ = try await producer.stop()
            }
            _ = await child
            return 40
        }
        await tried.opened()
        _ = try await producer.produceItem { 2 }
        #expect(try await producer.stop() == 42)
    }

    @Test func anotherProducersItemMayStopThisOne() async throws {
        let pool = try WorkerPool(threads: 2)
        let inner = try OrderedItemProducer<Int, Int>(pool: pool)
        let outer = try OrderedItemProducer<Int, Int>(pool: pool)
        try await inner.start { $0.reduce(0, +) }
        try await outer.start { $0.reduce(0, +) }
        _ = try await inner.produceItem { 5 }
        _ = try await outer.produceItem { () async throws -> Int in try await inner.stop() ?? -1 }
        #expect(try await outer.stop() == 5)
    }
}
