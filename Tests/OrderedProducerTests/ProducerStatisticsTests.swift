// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct ProducerStatisticsTests {
    @Test func countsFollowTheItems() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 2), configuration: .init(window: 8))
        let fresh = producer.statistics
        #expect(fresh.requested == 0)
        #expect(fresh.outstanding == 0)
        #expect(fresh.longestStallSequence == nil)

        let (begun, gate, made) = (Gate(), Gate(), Countdown(3))
        _ = try await producer.produceItem {
            begun.open()
            gate.wait()
            return 0
        }
        for value in 1...3 {
            _ = try await producer.produceItem {
                defer { made.signal() }
                return value
            }
        }
        await begun.opened()
        await made.done.opened()
        let waiting = producer.statistics
        #expect(waiting.requested == 4)
        #expect(waiting.outstanding == 4)
        #expect(waiting.head == 0)
        #expect(waiting.delivered == 0)
        // The last of the three may be about to be marked as finished.
        #expect((1...2).contains(waiting.running))
        #expect((2...3).contains(waiting.finishedWaiting))
        gate.open()
        try await producer.start { $0.reduce(0, +) }
        #expect(try await producer.stop() == 6)
        let final = producer.statistics
        #expect(final.delivered == 4)
        #expect(final.running == 0)
        #expect(final.finishedWaiting == 0)
        #expect(final.head == 4)
    }

    /// Who held the others up, and that it is told.
    @Test func longestStallNamesTheSlowItem() async throws {
        let producer = try OrderedItemProducer<Int, Never>(pool: WorkerPool(threads: 2))
        let items = try producer.items()
        // Waits for item 0 when this returns.
        let consumer = Task.immediate { try await items.reduce(0, +) }
        let (begun, gate, made) = (Gate(), Gate(), Countdown(3))
        _ = try await producer.produceItem {
            begun.open()
            gate.wait()
            return 0
        }
        await begun.opened()
        for value in 1...3 {
            _ = try await producer.produceItem {
                defer { made.signal() }
                return value
            }
        }
        await made.done.opened()
        gate.open()
        #expect(try await producer.stop() == nil)
        #expect(try await consumer.value == 6)
        let statistics = producer.statistics
        #expect(statistics.longestStallSequence == 0)
        #expect(statistics.longestStall > 0)
        #expect(statistics.headOfLineStall >= statistics.longestStall)
    }

    @Test func assistedItemsAreCounted() async throws {
        // The pool's one thread is busy, so the consumer makes every item itself.
        let pool = try WorkerPool(threads: 1)
        let (begun, gate) = (Gate(), Gate())
        let blocker = Task {
            try await pool.run {
                begun.open()
                gate.wait()
            }
        }
        await begun.opened()
        let producer = try OrderedItemProducer<Int, Int>(pool: pool)
        try await producer.start { $0.reduce(0, +) }
        for value in 0..<10 { _ = try await producer.produceItem { value } }
        #expect(try await producer.stop() == 45)
        #expect(producer.statistics.assisted == 10)
        gate.open()
        try await blocker.value
    }
}
