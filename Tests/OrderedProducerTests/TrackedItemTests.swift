// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct TrackedItemTests {
    @Test func resolvesBeforeTheItemsTurn() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 2))
        let gate = Gate()
        try await producer.produceItem {
            gate.wait()
            return 1
        }
        let later = try #require(try await producer.produceTrackedItem { 2 })
        #expect(await later.value == 2)  // nobody consumes, and item 0 is not made
        gate.open()
        #expect(await later.value == 2)
        try await producer.start { $0.reduce(0, +) }
        #expect(try await producer.stop() == 3)
    }

    @Test func isNilWhereTheItemFails() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        let item = try #require(try await producer.produceTrackedItem { throw TestError(value: 1) })
        #expect(await item.value == nil)
        try await producer.start { $0.reduce(0, +) }
        await #expect(throws: ItemFailure.self) { try await producer.stop() }
    }

    @Test(arguments: [false, true])
    func isNilWhereTheItemIsDropped(byStop: Bool) async throws {
        var configuration = ProducerConfiguration()
        configuration.assists = false
        let pool = try WorkerPool(threads: 1)
        let producer = try OrderedItemProducer<Int, Int>(pool: pool, configuration: configuration)
        let (begun, gate) = (Gate(), Gate())
        try await producer.produceItem {
            begun.open()
            gate.wait()
            return 1
        }
        await begun.opened()
        let dropped = try #require(try await producer.produceTrackedItem { 2 })
        let stop = Task.immediate { byStop ? try await producer.stop() : nil }
        if !byStop { producer.stopProducing() }
        #expect(await dropped.value == nil)  // although the pool's thread is inside item 0
        gate.open()
        #expect(try await stop.value == nil)
    }

    @Test func manyTasksMayWait() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        let gate = Gate()
        let item = try #require(
            try await producer.produceTrackedItem {
                gate.wait()
                return 7
            })
        let waiting = (0..<10).map { _ in Task.immediate { await item.value } }
        gate.open()
        for task in waiting { #expect(await task.value == 7) }
    }
}
