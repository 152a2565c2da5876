// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// Rows of the endings table in which an item function throws.
@Suite(.endsWithin(minutes: 1))
struct FailureTests {
    /// Items 3 and 5 of eight fail, the later one first; nothing else is certain about their timing.
    private func twoFailures(
        _ way: Way, _ kind: Consumer.Kind, _ policy: FailurePolicy, _ ledger: Ledger,
        onItemFailure: (@Sendable (ItemFailure) -> Void)? = nil
    ) async throws -> (line: Line, consumer: Consumer) {
        let configuration = ProducerConfiguration(window: 8, onFailure: policy, onItemFailure: onItemFailure)
        let line = try Line(way, pool: WorkerPool(threads: 8), configuration: configuration)
        let consumer = Consumer(kind)
        let (all, later) = (Gate(), Countdown(1))
        for value in 0..<8 {
            var make = Make(value, ledger)
            make.fails = value == 3 || value == 5
            make.gate = value == 3 ? later.done : all
            if value == 5 { make.made = later }
            #expect(try await line.produce(make) == .accepted)
        }
        all.open()
        try await consumer.attach(to: line)
        return (line, consumer)
    }

    private func expectFailure(_ sequence: UInt64, of line: Line, _ consumer: Consumer) async {
        let failure = await #expect(throws: ItemFailure.self) { try await line.stop() }
        #expect(failure?.sequence == sequence)
        #expect(failure?.underlying as? TestError == TestError(value: Int(sequence)))
        if consumer.kind == .sequence {
            await consumer.ended.opened()
            #expect(consumer.failure?.sequence == sequence)
            #expect(consumer.failure?.underlying as? TestError == TestError(value: Int(sequence)))
            #expect(consumer.itemsAfterEnd == 0)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func allItemsBeforeTheLowestFailureAreDelivered(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let (line, consumer) = try await twoFailures(way, kind, .endInOrder, ledger)
            await expectFailure(3, of: line, consumer)
            await consumer.finished()
            #expect(consumer.received == [0, 1, 2])
            #expect(try await line.stop() == nil)
            #expect(try await line.produce(Make(8, ledger)) == .ended)
            #expect(line.statistics.delivered == 3)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func skipLeavesFailuresOut(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let (line, consumer) = try await twoFailures(way, kind, .skip, ledger)
            #expect(try await line.stop() == consumer.value(6))
            await consumer.finished()
            #expect(consumer.received == [0, 1, 2, 4, 6, 7])
            let statistics = line.statistics
            #expect(statistics.failed == 2)
            #expect(statistics.skipped == 2)
            #expect(statistics.delivered == 6)
        }
    }

    /// Also of the item that fails behind the one that ends production.
    @Test(arguments: Way.allCases, [FailurePolicy.endInOrder, .skip])
    func onItemFailureIsToldOnceOfEachItem(way: Way, policy: FailurePolicy) async throws {
        try await withLedger { ledger in
            let told = Locked([UInt64: [TestError?]]())
            let (line, _) = try await twoFailures(way, .thread, policy, ledger) { failure in
                told.withLock { $0[failure.sequence, default: []].append(failure.underlying as? TestError) }
            }
            _ = try? await line.stop()
            #expect(told.withLock { $0 } == [3: [TestError(value: 3)], 5: [TestError(value: 5)]])
        }
    }

    @Test(arguments: Way.allCases)
    func onItemFailureMayEndProduction(way: Way) async throws {
        try await withLedger { ledger in
            let owner = Locked<Line?>(nil)
            let configuration = ProducerConfiguration(window: 8, onFailure: .skip) { _ in
                owner.withLock { $0 }?.stopProducing()
            }
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: configuration)
            owner.withLock { $0 = line }
            let consumer = Consumer(.thread)
            try await consumer.attach(to: line)
            var failing = Make(0, ledger)
            failing.fails = true
            #expect(try await line.produce(failing) == .accepted)
            while try await line.produce(contended: Make(1, ledger)) != .ended { await Task.yield() }
            #expect(try await line.stop() == consumer.received.count)
            owner.withLock { $0 = nil }
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func failFastEndsTheIterationBeforeEarlierItemsAreMade(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            var configuration = ProducerConfiguration(window: 4)
            configuration.onFailure = .failFast
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: configuration)
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            var slow = Make(0, ledger)
            slow.gate = Gate()
            slow.begun = Gate()
            #expect(try await line.produce(slow) == .accepted)
            await slow.begun?.opened()
            var failing = Make(1, ledger)
            failing.fails = true
            #expect(try await line.produce(failing) == .accepted)
            // The iteration is over although item 0 is still being made. A sink is not told of the end.
            if kind != .sink { await consumer.ended.opened() }
            while try await line.produce(contended: Make(2, ledger)) != .ended { await Task.yield() }
            slow.gate?.open()
            await expectFailure(1, of: line, consumer)
            await consumer.finished()
            #expect(consumer.received == [])
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func itemsAfterAFailureAreNotStarted(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            var configuration = ProducerConfiguration(window: 64)
            configuration.width = 1
            configuration.assists = false
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: configuration)
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            var failing = Make(0, ledger)
            failing.gate = Gate()
            failing.begun = Gate()
            failing.fails = true
            #expect(try await line.produce(failing) == .accepted)
            await failing.begun?.opened()
            for value in 1..<64 {
                var make = Make(value, ledger)
                // Async items are not limited by the width: these wait until the failure is known.
                make.gate = failing.gate
                #expect(try await line.produce(make) == .accepted)
            }
            failing.gate?.open()
            await expectFailure(0, of: line, consumer)
            await consumer.finished()
            #expect(consumer.received == [])
            if !way.isTask { #expect(ledger.begun == [0]) }
            let statistics = line.statistics
            #expect(statistics.requested == 64)
            #expect(statistics.outstanding == 0)
        }
    }
}
