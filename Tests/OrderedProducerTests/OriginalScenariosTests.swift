// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

/// What AsynQueue's own tests try: one item, one at a time, all at once with random delays, a consumer that throws.
@Suite(.endsWithin(minutes: 1))
struct OriginalScenariosTests {
    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func oneItem(way: Way, kind: Consumer.Kind) async throws {
        let line = try Line(way, pool: WorkerPool(threads: 2))
        let consumer = Consumer(kind)
        try await consumer.attach(to: line)
        #expect(try await line.produce(Make(1, Ledger())) == .accepted)
        #expect(try await line.stop() == consumer.value(1))
        await consumer.finished()
        #expect(consumer.received == [1])
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func oneItemAtATime(way: Way, kind: Consumer.Kind) async throws {
        let line = try Line(way, pool: WorkerPool(threads: 2))
        let arrivals = (0..<20).map { _ in Gate() }
        let consumer = Consumer(kind) {
            arrivals[$0].open()
            return .goOn
        }
        try await consumer.attach(to: line)
        for value in 0..<20 {
            #expect(try await line.produce(Make(value, Ledger())) == .accepted)
            await arrivals[value].opened()  // nothing keeps an item back until the next one comes
        }
        #expect(try await line.stop() == consumer.value(20))
        #expect(consumer.received == Array(0..<20))
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func allAtOnceWithRandomDelays(way: Way, kind: Consumer.Kind) async throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let line = try Line(way, pool: WorkerPool(threads: 4), configuration: .init(window: 64))
        let consumer = Consumer(kind)
        try await consumer.attach(to: line)
        for value in 0..<64 {
            var make = Make(value, Ledger())
            // Keeps its thread for a while; nothing depends on how long.
            let microseconds = UInt32.random(in: 0...500, using: &generator)
            make.inside = { usleep(microseconds) }
            #expect(try await line.produce(make) == .accepted, "seed \(seed)")
        }
        #expect(try await line.stop() == consumer.value(64), "seed \(seed)")
        await consumer.finished()
        #expect(consumer.received == Array(0..<64), "seed \(seed)")
    }

    @Test func consumerThatThrows() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 2))
        try await producer.start { items in
            for item in items where item == 3 { throw TestError(value: item) }
            return 0
        }
        for value in 0..<10 { _ = try await producer.produceItem { value } }
        await #expect(throws: TestError(value: 3)) { try await producer.stop() }
        #expect(try await producer.stop() == nil)
    }

    /// The original's Deferred per item.
    @Test func trackedItemsTellTheirOwnValues() async throws {
        let producer = try OrderedItemProducer<Int, [Int]>(pool: WorkerPool(threads: 2))
        try await producer.start { Array($0) }
        var tracked: [TrackedItem<Int>] = []
        for value in 0..<50 {
            tracked.append(try #require(try await producer.produceTrackedItem { value * 2 }))
        }
        for (value, item) in tracked.enumerated() {
            #expect(item.sequence == UInt64(value))
            #expect(await item.value == value * 2)
        }
        #expect(try await producer.stop() == (0..<50).map { $0 * 2 })
        #expect(try await producer.produceTrackedItem { 0 }?.sequence == nil)
    }
}
