// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// Rows of the endings table in which the consumer goes first.
@Suite(.endsWithin(minutes: 1))
struct ConsumerEndTests {
    /// Ten items on one thread, the window full behind them; the consumer goes with item 2.
    private func leave(
        _ way: Way, _ kind: Consumer.Kind, _ ledger: Ledger, _ onItem: @escaping @Sendable (Int) throws -> Consumer.Step
    ) async throws -> (line: Line, consumer: Consumer) {
        let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 10))
        for value in 0..<10 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
        let consumer = Consumer(kind, onItem: onItem)
        try await consumer.attach(to: line)
        return (line, consumer)
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func leavingEarlyEndsProduction(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let (line, consumer) = try await leave(way, kind, ledger) { $0 == 2 ? .leave : .goOn }
            while try await line.produce(contended: Make(10, ledger)) != .ended { await Task.yield() }
            #expect(try await line.stop() == consumer.value(3))
            await consumer.finished()
            #expect(consumer.received == [0, 1, 2])
            #expect(line.statistics.outstanding == 0)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func throwingEndsProductionAndStopRethrows(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let (line, consumer) = try await leave(way, kind, ledger) {
                if $0 == 2 { throw TestError(value: 2) }
                return .goOn
            }
            while try await line.produce(contended: Make(10, ledger)) != .ended { await Task.yield() }
            if kind == .sequence {
                #expect(try await line.stop() == nil)  // the error is that of the task that iterated
            } else {
                await #expect(throws: TestError(value: 2)) { try await line.stop() }
            }
            #expect(try await line.stop() == nil)
            await consumer.finished()
            #expect(consumer.received == [0, 1, 2])
        }
    }

    @Test(arguments: Way.allCases.filter { $0.suspends || $0.blocks }, Consumer.Kind.allCases)
    func waitingCallersAreReleased(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 2))
            var held = Make(0, ledger)
            held.gate = Gate()
            #expect(try await line.produce(held) == .accepted)
            #expect(try await line.produce(Make(1, ledger)) == .accepted)
            let waiting = (2..<6).map { value in Task.immediate { try await line.produce(Make(value, ledger)) } }
            let consumer = Consumer(kind) { _ in .leave }
            try await consumer.attach(to: line)
            held.gate?.open()
            // The first item makes room for one caller at most, before the consumer is gone.
            var ended = 0
            for caller in waiting { if try await caller.value == .ended { ended += 1 } }
            #expect(ended >= 3)
            #expect(try await line.stop() == consumer.value(1))
            await consumer.finished()
            #expect(consumer.received == [0])
        }
    }

    @Test func consumerThatNeverIteratesGivesItsValue() async throws {
        let line = try Line(.items(.suspending), pool: WorkerPool(threads: 1), configuration: .init(window: 4))
        try await line.start { _ in 17 }
        while try await line.produce(contended: Make(0, Ledger())) != .ended { await Task.yield() }
        #expect(try await line.stop() == 17)
        #expect(try await line.stop() == nil)
    }

    @Test(arguments: Way.allCases)
    func lastReferenceEndsTheConsumer(way: Way) async throws {
        for kind in Consumer.Kind.allCases {
            let ledger = Ledger()
            let consumer = Consumer(kind)
            var held = Make(1, ledger)
            held.gate = Gate()
            held.begun = Gate()
            do {
                let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
                try await consumer.attach(to: line)
                #expect(try await line.produce(Make(0, ledger)) == .accepted)
                #expect(try await line.produce(held) == .accepted)
                for value in 2..<6 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
                await held.begun?.opened()
            }
            // The line is gone while item 1 still runs: nothing waited for it.
            held.gate?.open()
            if kind != .sink { await consumer.ended.opened() }
            held = Make(0, Ledger())
            await ledger.drained()
            await consumer.finished()
            #expect(consumer.received == [0] || consumer.received == [])
        }
    }

    @Test(arguments: Way.allCases)
    func lastReferenceGoesWithoutAConsumer(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 8))
            for value in 0..<8 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
        }
    }
}
