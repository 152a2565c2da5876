// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// Rows of the endings table in which nothing goes wrong: before `start`, a full window, pause, `stop()`.
@Suite(.endsWithin(minutes: 1))
struct OrdinaryEndingTests {
    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func itemsAskedForBeforeStartAreDelivered(way: Way, kind: Consumer.Kind) async throws {
        let ledger = Ledger()
        do {
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 8))
            let made = Countdown(8)
            for value in 0..<8 {
                var make = Make(value, ledger)
                make.made = made
                #expect(try await line.produce(make) == .accepted)
            }
            await made.done.opened()  // they run at once, with no consumer in sight
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            #expect(try await line.stop() == consumer.value(8))
            await consumer.finished()
            #expect(consumer.received == Array(0..<8))
            let statistics = line.statistics
            #expect(statistics.requested == 8)
            #expect(statistics.delivered == 8)
            #expect(statistics.outstanding == 0)
            #expect(statistics.head == 8)
        }
        await ledger.drained()
        #expect(ledger.born == 16)
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func fullWindowHoldsCallersBack(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 1), configuration: .init(window: 2))
            for value in 0..<2 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
            // Runs up to its first suspension here, so that it waits when this returns, if it is one that suspends.
            let third = Task.immediate { try await line.produce(Make(2, ledger)) }
            if !way.blocks { #expect(line.statistics.requested == 2) }
            let consumer = Consumer(kind)
            if !way.suspends, !way.blocks {
                #expect(try await third.value == .full)
                #expect(line.statistics.requested == 2)
            }
            try await consumer.attach(to: line)
            var expected = 2
            if way.suspends || way.blocks {
                #expect(try await third.value == .accepted)
                expected = 3
            }
            #expect(try await line.stop() == consumer.value(expected))
            await consumer.finished()
            #expect(consumer.received == Array(0..<expected))
        }
    }

    @Test(arguments: Way.allCases.filter(\.suspends), Consumer.Kind.allCases)
    func waitingCallersAreServedFirstComeFirstServed(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 1))
            #expect(try await line.produce(Make(0, ledger)) == .accepted)
            let waiting = (1...20).map { value in
                Task.immediate { try await line.produce(Make(value, ledger)) }
            }
            #expect(line.statistics.requested == 1)
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            for caller in waiting { #expect(try await caller.value == .accepted) }
            #expect(try await line.stop() == consumer.value(21))
            await consumer.finished()
            #expect(consumer.received == Array(0...20))
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func pauseHoldsDeliveryUntilResume(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            let consumer = Consumer(kind)
            line.pause()
            try await consumer.attach(to: line)
            let made = Countdown(4)
            for value in 0..<4 {
                var make = Make(value, ledger)
                make.made = made
                #expect(try await line.produce(make) == .accepted)
            }
            await made.done.opened()
            #expect(line.statistics.delivered == 0)
            #expect(line.statistics.outstanding == 4)
            line.resume()
            #expect(try await line.produce(contended: Make(4, ledger)) == .accepted)
            #expect(try await line.stop() == consumer.value(5))
            await consumer.finished()
            #expect(consumer.received == Array(0..<5))
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func stopLiftsAPause(way: Way, kind: Consumer.Kind) async throws {
        let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
        let consumer = Consumer(kind)
        try await consumer.attach(to: line)
        line.pause()
        for value in 0..<4 { #expect(try await line.produce(Make(value, Ledger())) == .accepted) }
        #expect(try await line.stop() == consumer.value(4))
        await consumer.finished()
        #expect(consumer.received == Array(0..<4))
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func stopWaitsForOutstandingItemsAndGivesTheValueOnce(way: Way, kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            let gate = Gate()
            for value in 0..<4 {
                var make = Make(value, ledger)
                make.gate = gate
                #expect(try await line.produce(make) == .accepted)
            }
            let stops = (0..<3).map { _ in Task.immediate { try await line.stop() } }
            #expect(try await line.produce(Make(4, ledger)) == .ended)
            gate.open()
            var values: [Int] = []
            for stop in stops { if let value = try await stop.value { values.append(value) } }
            #expect(values == (kind == .thread ? [4] : []))
            #expect(try await line.stop() == nil)
            #expect(try await onThread { try line.stopBlocking() } == nil)
            await consumer.finished()
            #expect(consumer.received == Array(0..<4))
            #expect(ledger.begun == Array(0..<4))
            if kind != .sink {
                await consumer.ended.opened()
                #expect(consumer.itemsAfterEnd == 0)
            }
        }
    }

    @Test(arguments: Way.allCases)
    func stopBeforeStartDiscards(way: Way) async throws {
        try await withLedger { ledger in
            let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            for value in 0..<3 { #expect(try await line.produce(Make(value, ledger)) == .accepted) }
            #expect(try await line.stop() == nil)
            #expect(try await line.produce(Make(3, ledger)) == .ended)
            await #expect(throws: ProducerError.ended) { try await line.start { _ in 0 } }
            #expect(throws: ProducerError.ended) { try line.start(onItem: { _ in }) }
            #expect(throws: ProducerError.ended) { _ = try line.items() }
            let statistics = line.statistics
            #expect(statistics.delivered == 0)
            #expect(statistics.discarded == 3)
            #expect(statistics.outstanding == 0)
        }
    }

    @Test(arguments: Way.allCases, Consumer.Kind.allCases)
    func blockingStopGivesTheValueToo(way: Way, kind: Consumer.Kind) async throws {
        let line = try Line(way, pool: WorkerPool(threads: 2), configuration: .init(window: 4))
        let consumer = Consumer(kind)
        try await consumer.attach(to: line)
        for value in 0..<4 { #expect(try await line.produce(Make(value, Ledger())) == .accepted) }
        #expect(try await onThread { try line.stopBlocking() } == consumer.value(4))
        await consumer.finished()
        #expect(consumer.received == Array(0..<4))
    }

    @Test(arguments: Consumer.Kind.allCases, Consumer.Kind.allCases)
    func thereIsOneConsumer(first: Consumer.Kind, second: Consumer.Kind) async throws {
        let line = try Line(.items(.suspending), pool: WorkerPool(threads: 1))
        let consumer = Consumer(first)
        try await consumer.attach(to: line)
        await #expect(throws: ProducerError.alreadyStarted) { try await Consumer(second).attach(to: line) }
        #expect(try await line.produce(Make(7, Ledger())) == .accepted)
        #expect(try await line.stop() == consumer.value(1))
        await consumer.finished()
        #expect(consumer.received == [7])
    }
}
