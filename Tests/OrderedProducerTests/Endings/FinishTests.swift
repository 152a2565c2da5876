// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// The row of the endings table about `finish()`.
@Suite(.endsWithin(minutes: 1))
struct FinishTests {
    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func deliversWhatIsOutstandingAndAcceptsNoMore(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            let gate = Gate()
            for value in 0..<3 {
                var make = Make(value, ledger)
                make.gate = gate
                #expect(try await line.produce(make) == .accepted)
            }
            line.finish()  // returns although no item is made
            #expect(try await line.produce(Make(3, ledger)) == .ended)
            line.finish()
            gate.open()
            if kind != .sink { await consumer.ended.opened() }  // nobody has called `stop()`
            #expect(try await line.stop() == consumer.value(3))
            #expect(consumer.received == [0, 1, 2])
            #expect(consumer.itemsAfterEnd == 0)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func beforeStartNothingIsLost(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            for value in 0..<3 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
            line.finish()
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            #expect(try await line.stop() == consumer.value(3))
            await consumer.finished()
            #expect(consumer.received == [0, 1, 2])
        }
    }

    @Test(arguments: Way.allCases)
    func stopWithoutAConsumerDiscardsAllTheSame(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            for value in 0..<3 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
            line.finish()
            #expect(try await line.stop() == nil)
            #expect(line.statistics.discarded == 3)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func aPauseStaysInForce(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            let consumer = Consumer(kind)
            line.pause()
            try await consumer.attach(to: line)
            let made = Countdown(3)
            for value in 0..<3 {
                var make = Make(value, ledger)
                make.made = made
                #expect(try await line.produce(make) == .accepted)
            }
            line.finish()
            await made.done.opened()
            #expect(line.statistics.delivered == 0)
            line.resume()
            if kind != .sink { await consumer.ended.opened() }
            #expect(try await line.stop() == consumer.value(3))
            #expect(consumer.received == [0, 1, 2])
        }
    }

    @Test(arguments: Way.allCases.filter(\.suspends), Consumer.Kind.allCases)
    func waitingCallersAreReleased(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 1))
            #expect(try await line.produce(Make(0, ledger)) == .accepted)
            let waiting = (1..<4).map { value in Task.immediate { try await line.produce(Make(value, ledger)) } }
            line.finish()
            for caller in waiting { #expect(try await caller.value == .ended) }
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            #expect(try await line.stop() == consumer.value(1))
            await consumer.finished()
            #expect(consumer.received == [0])
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func isAllowedInsideItemsAndConsumers(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 8))
            let consumer = Consumer(kind) { [weak line] _ in
                line?.finish()
                return .goOn
            }
            try await consumer.attach(to: line)
            let gate = Gate()
            var finishing = Make(0, ledger)
            finishing.gate = gate
            finishing.inside = { [weak line] in line?.finish() }
            #expect(try await line.produce(finishing) == .accepted)
            #expect(try await line.produce(Make(1, ledger)) == .accepted)
            gate.open()
            while try await line.produce(contended: Make(2, ledger)) != .ended { await Task.yield() }
            let value = try await line.stop()
            await consumer.finished()
            #expect(value == consumer.value(consumer.received.count))
            #expect(consumer.received.starts(with: [0, 1]))
            #expect(consumer.received.count == line.statistics.requested)
        }
    }
}
