// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// The row of the endings table about cancelled tasks, and what cancellation leaves alone.
@Suite(.endsWithin(minutes: 1))
struct CancellationTests {
    @Test(arguments: Way.allCases.filter(\.suspends), Consumer.Kind.allCases)
    func waitingCallerLeavesWithoutASequence(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 1))
            #expect(try await line.produce(Make(0, ledger)) == .accepted)
            let cancelled = Task.immediate { try await line.produce(Make(100, ledger)) }
            let patient = Task.immediate { try await line.produce(Make(1, ledger)) }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            #expect(line.statistics.requested == 1)
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            #expect(try await patient.value == .accepted)
            #expect(try await line.stop() == consumer.value(2))
            await consumer.finished()
            #expect(consumer.received == [0, 1])
            #expect(line.statistics.requested == 2)
            #expect(ledger.begun == [0, 1])
        }
    }

    @Test(arguments: Way.allCases.filter(\.suspends))
    func cancelledCallerThatNeedNotWaitIsServed(way: Way) async throws {
        let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 1))
        let first = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await line.produce(Make(0, Ledger()))
        }
        #expect(try await first.value == .accepted)
        let second = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await line.produce(Make(1, Ledger()))
        }
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(line.statistics.requested == 1)
    }

    /// Cancellation and room come at the same time, again and again: each caller is either in or out.
    @Test(arguments: Way.allCases.filter(\.suspends))
    func cancellationRacesWithRoom(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 1))
            let consumer = Consumer(.thread)
            try await consumer.attach(to: line)
            var accepted: [Int] = []
            for value in 0..<500 {
                let caller = Task { try await line.produce(Make(value, ledger)) }
                await Task.yield()
                caller.cancel()
                do {
                    #expect(try await caller.value == .accepted)
                    accepted.append(value)
                } catch is CancellationError {}
            }
            #expect(try await line.stop() == accepted.count)
            await consumer.finished()
            #expect(consumer.received == accepted)
            #expect(line.statistics.requested == accepted.count)
        }
    }

    @Test(arguments: Way.allCases)
    func cancellingTheIteratingTaskEndsProduction(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 4))
            let items = try line.items()
            let first = Gate()
            let consumer = Task {
                var received: [Int] = []
                for try await token in items {
                    received.append(token.value)
                    first.open()
                }
                return received
            }
            #expect(try await line.produce(Make(0, ledger)) == .accepted)
            await first.opened()
            consumer.cancel()
            #expect(try await consumer.value == [0])
            #expect(try await line.produce(Make(1, ledger)) == .ended)
            #expect(try await line.stop() == nil)
        }
    }

    @Test func stopIsNotCancellable() async throws {
        let ledger = Ledger()
        let line = try Line(.items(.suspending), pool: WorkerPool(threads: 1))
        let consumer = Consumer(.thread)
        try await consumer.attach(to: line)
        var held = Make(0, ledger)
        held.gate = Gate()
        #expect(try await line.produce(held) == .accepted)
        let stop = Task.immediate { try await line.stop() }
        stop.cancel()
        held.gate?.open()
        #expect(try await stop.value == 1)
    }
}
