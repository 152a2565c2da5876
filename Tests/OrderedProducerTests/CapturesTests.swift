// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// What closures have captured is destroyed once, soon, and outside every lock, whoever does it.
@Suite(.endsWithin(minutes: 1))
struct CapturesTests {
    private static let items = 20_000

    private func producer(
        _ pool: WorkerPool, assists: Bool = true
    ) throws -> OrderedItemProducer<Int, Int> {
        var configuration = ProducerConfiguration(window: 64)
        configuration.assists = assists
        return try OrderedItemProducer(pool: pool, configuration: configuration)
    }

    /// An item whose closure holds a token.
    private func make(_ value: Int, _ ledger: Ledger) -> @Sendable () -> Int {
        let captured = Token(value, ledger)
        return { captured.value }
    }

    @Test(arguments: [true, false])
    func nothingIsHeldAfterTheEnd(assists: Bool) async throws {
        let producer = try producer(WorkerPool(threads: 2), assists: assists)
        let ledger = Ledger()
        try await producer.start { items in items.reduce(0) { count, _ in count + 1 } }
        for value in 0..<Self.items { _ = try await producer.produceItem(make(value, ledger)) }
        #expect(try await producer.stop() == Self.items)
        await ledger.drained()
        #expect(ledger.born == Self.items)
    }

    @Test func nothingIsHeldWhileTheProducerIdles() async throws {
        let producer = try producer(WorkerPool(threads: 2))
        let ledger = Ledger()
        try await producer.start { items in items.reduce(0) { count, _ in count + 1 } }
        for round in 0..<50 {
            for value in 0..<(round * 7) { _ = try await producer.produceItem(make(value, ledger)) }
            await ledger.drained()  // hangs where something waits for a caller to come back
        }
        _ = try await producer.stop()
    }

    @Test func nothingIsHeldWhileThereIsAPause() async throws {
        let producer = try producer(WorkerPool(threads: 2))
        let ledger = Ledger()
        try await producer.start { items in items.reduce(0) { count, _ in count + 1 } }
        for _ in 0..<50 {
            for value in 0..<40 { _ = try await producer.produceItem(make(value, ledger)) }
            producer.pause()
            await ledger.drained()
            producer.resume()
        }
        #expect(try await producer.stop() == 50 * 40)
    }

    @Test func severalCallers() async throws {
        let producer = try producer(WorkerPool(threads: 2))
        let ledger = Ledger()
        try await producer.start { items in items.reduce(0) { count, _ in count + 1 } }
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for value in 0..<5000 { _ = try await producer.produceItem(make(value, ledger)) }
                }
            }
        }
        #expect(try await producer.stop() == 20_000)
        await ledger.drained()
    }

    /// Asks for another item when it is destroyed.
    private final class Echo: Sendable {
        let producer: OrderedItemProducer<Int, Int>
        let ledger: Ledger
        let echoed: Locked<Int>

        init(_ producer: OrderedItemProducer<Int, Int>, _ ledger: Ledger, _ echoed: Locked<Int>) {
            (self.producer, self.ledger, self.echoed) = (producer, ledger, echoed)
            ledger.add()
        }

        deinit {
            if case .accepted? = try? producer.tryProduceItem({ 1 }) { echoed.withLock { $0 += 1 } }
            ledger.remove()
        }
    }

    @Test func destroyingThemMayAskForItems() async throws {
        let producer = try producer(WorkerPool(threads: 2))
        let ledger = Ledger()
        let echoed = Locked(0)
        try await producer.start { items in items.reduce(0) { count, _ in count + 1 } }
        for _ in 0..<5000 {
            let echo = Echo(producer, ledger, echoed)
            _ = try await producer.produceItem { [echo] in withExtendedLifetime(echo) { 0 } }
        }
        await ledger.drained()
        let expected = 5000 + echoed.withLock { $0 }
        #expect(try await producer.stop() == expected)
    }

    @Test func failedItemsDestroyThemAtOnce() async throws {
        var configuration = ProducerConfiguration(window: 64)
        configuration.onFailure = .skip
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 2), configuration: configuration)
        let ledger = Ledger()
        try await producer.start { items in items.reduce(0) { count, _ in count + 1 } }
        for value in 0..<5000 {
            let captured = Token(value, ledger)
            _ = try await producer.produceItem {
                if captured.value.isMultiple(of: 3) { throw TestError(value: captured.value) }
                return captured.value
            }
        }
        #expect(try await producer.stop() == 3333)
        await ledger.drained()
    }

    /// `stop()` gives the consumer's value away, and the producer keeps nothing of it.
    @Test func nothingIsHeldOfTheConsumersValue() async throws {
        let producer = try OrderedItemProducer<Int, Token>(pool: WorkerPool(threads: 1))
        let ledger = Ledger()
        try await producer.start { _ in Token(1, ledger) }
        #expect(try await producer.stop()?.value == 1)
        await ledger.drained()
        #expect(ledger.born == 1)
        #expect(try await producer.stop()?.value == nil)
    }
}
