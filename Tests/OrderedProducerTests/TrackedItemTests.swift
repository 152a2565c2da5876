// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct TrackedItemTests {
    @Test func resolvesBeforeTheItemsTurn() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 2))
        let gate = Gate()
        _ = try await producer.produceItem {
            gate.wait()
            return 1
        }
        let later = try #require(try await producer.produceTrackedItem { 2 })
        #expect(await later.value == 2)  // nobody consumes, and item 0 is not made
        #expect(try await later.result?.get() == 2)
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

    @Test func resultTellsWhatTheItemThrew() async throws {
        let producer = try OrderedItemProducer<Int, Int>(
            pool: WorkerPool(threads: 1), configuration: .init(onFailure: .skip))
        let item = try #require(try await producer.produceTrackedItem { throw TestError(value: 1) })
        let result = try #require(await item.result)
        #expect(throws: TestError(value: 1)) { try result.get() }
    }

    @Test(arguments: [false, true])
    func isNilWhereTheItemIsDropped(byStop: Bool) async throws {
        var configuration = ProducerConfiguration()
        configuration.assists = false
        let pool = try WorkerPool(threads: 1)
        let producer = try OrderedItemProducer<Int, Int>(pool: pool, configuration: configuration)
        let (begun, gate) = (Gate(), Gate())
        _ = try await producer.produceItem {
            begun.open()
            gate.wait()
            return 1
        }
        await begun.opened()
        let dropped = try #require(try await producer.produceTrackedItem { 2 })
        let stop = Task.immediate { byStop ? try await producer.stop() : nil }
        if !byStop { producer.stopProducing() }
        #expect(await dropped.value == nil)  // although the pool's thread is inside item 0
        let result = await dropped.result
        #expect(result == nil)
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

    /// Each costs the same, however many wait already: else the time limit is over before they do.
    @Test func fiftyThousandTasksMayWait() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        let gate = Gate()
        let item = try #require(
            try await producer.produceTrackedItem {
                gate.wait()
                return 7
            })
        var waiting: [Task<Int?, Never>] = []
        while waiting.count < 50_000, !Task.isCancelled {
            waiting.append(Task.immediate { await item.value })
        }
        gate.open()
        for task in waiting where await task.value != 7 { Issue.record("another value") }
    }
}
