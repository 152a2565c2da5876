// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct AsyncOrderedItemsTests {
    private func producer(window: Int = 16) throws -> OrderedItemProducer<Int, Never> {
        try OrderedItemProducer<Int, Never>(pool: WorkerPool(threads: 2), configuration: .init(window: window))
    }

    @Test func itemsArriveInOrder() async throws {
        let producer = try producer()
        let items = try producer.items()
        let consumer = Task { try await items.reduce(into: []) { $0.append($1) } }
        for value in 0..<5000 { _ = try await producer.produceItem { value } }
        #expect(try await producer.stop() == nil)
        #expect(try await consumer.value == Array(0..<5000))
    }

    @Test func failureIsTyped() async throws {
        let producer = try producer()
        let items = try producer.items()
        _ = try await producer.produceItem { 1 }
        _ = try await producer.produceItem { throw TestError(value: 2) }
        var received: [Int] = []
        do throws(ItemFailure) {
            for try await item in items { received.append(item) }
            Issue.record("the iteration ended without its failure")
        } catch {
            #expect(error.sequence == 1)
        }
        #expect(received == [1])
        let failure = await #expect(throws: ItemFailure.self) { try await producer.stop() }
        #expect(failure?.sequence == 1)
    }

    @Test func thereIsOneIteration() async throws {
        let producer = try producer()
        let items = try producer.items()
        _ = try await producer.produceItem { 1 }
        var first = items.makeAsyncIterator()
        var second = items.makeAsyncIterator()
        #expect(try await second.next() == nil)
        #expect(try await first.next() == 1)
        #expect(try await second.next() == nil)
    }

    @Test func droppingTheSequenceEndsProduction() async throws {
        let producer = try producer()
        do { _ = try producer.items() }
        #expect(try await producer.produceItem { 1 } == nil)
        #expect(try await producer.stop() == nil)
    }

    @Test func droppingTheIteratorEndsProduction() async throws {
        let producer = try producer()
        let items = try producer.items()
        _ = try await producer.produceItem { 1 }
        for try await _ in items { break }
        #expect(try await producer.produceItem { 2 } == nil)
        #expect(try await producer.stop() == nil)
        withExtendedLifetime(items) {}
    }

    /// An iterator keeps the iteration alive without its sequence, and without its producer sees the end.
    @Test func iteratorOutlivesSequenceAndProducer() async throws {
        var iterator: AsyncOrderedItems<Int>.AsyncIterator
        do {
            let producer = try producer()
            iterator = try producer.items().makeAsyncIterator()
            _ = try await producer.produceItem { 1 }
            #expect(try await iterator.next() == 1)
            _ = try await producer.produceItem { 2 }
        }
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
    }

    @Test func cancelledTaskGetsNil() async throws {
        let producer = try producer()
        let items = try producer.items()
        _ = try await producer.produceItem { 1 }
        let consumer = Task.immediate {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            var iterator = items.makeAsyncIterator()
            return try await iterator.next()
        }
        #expect(try await consumer.value == nil)
        #expect(try await producer.stop() == nil)
    }

    /// The iterating task runs up to its wait, and is cancelled there.
    @Test func cancellationEndsAWait() async throws {
        let producer = try producer()
        let items = try producer.items()
        let consumer = Task.immediate {
            var iterator = items.makeAsyncIterator()
            return try await iterator.next()
        }
        consumer.cancel()
        #expect(try await consumer.value == nil)
        #expect(try await producer.produceItem { 1 } == nil)
    }

    /// Finished items and such that have not begun, behind one that is being made.
    @Test func aCancellationHandlerDestroysNoItems() async throws {
        let ledger = Ledger()
        let ends = Locked((inside: 0, outside: 0))
        do {
            let producer = try OrderedItemProducer<HandlerWitness, Never>(
                pool: WorkerPool(threads: 2), configuration: .init(window: 64))
            let items = try producer.items()
            let (firstHeld, lastHeld, lastBegun) = (Gate(), Gate(), Gate())
            for value in 0..<64 {
                let captured = HandlerWitness(ledger, ends)
                _ = try await producer.produceItem {
                    _ = captured
                    if value == 0 { firstHeld.wait() }
                    if value == 31 {
                        lastBegun.open()
                        lastHeld.wait()
                    }
                    return HandlerWitness(ledger, ends)
                }
            }
            let consumer = Task.immediate {
                var iterator = items.makeAsyncIterator()
                return try await iterator.next() == nil
            }
            await lastBegun.opened()
            Handler.cancel(consumer)
            #expect(try await consumer.value)
            #expect(try await producer.produceItem { HandlerWitness(ledger, ends) } == nil)
            firstHeld.open()
            lastHeld.open()
        }
        await ledger.drained()
        #expect(ends.withLock { $0.inside } == 0)
    }

    @Test func pauseAndResumeReachTheIterator() async throws {
        let producer = try producer()
        let items = try producer.items()
        producer.pause()
        _ = try await producer.produceItem { 1 }
        let consumer = Task.immediate {
            var iterator = items.makeAsyncIterator()
            return try await iterator.next()
        }
        producer.resume()
        #expect(try await consumer.value == 1)
    }

    /// What counts is who iterates now, not who made the iterator: that task may wait for the end.
    @Test func theTaskThatGaveTheIteratorAwayMayStop() async throws {
        let pool = try WorkerPool(threads: 2)
        for _ in 0..<200 {
            let producer = try OrderedItemProducer<Int, Never>(pool: pool)
            let iterator = try producer.items().makeAsyncIterator()
            let consumer = Task {
                var iterator = iterator
                var sum = 0
                while let item = try await iterator.next() { sum += item }
                return sum
            }
            for value in 0..<4 { _ = try await producer.produceItem { value } }
            #expect(try await producer.stop() == nil)
            #expect(try await consumer.value == 6)
        }
    }

    /// Also where it never had to wait for an item.
    @Test func theTaskThatGotTheIteratorMayNotStop() async throws {
        let producer = try producer(window: 4)
        let iterator = try producer.items().makeAsyncIterator()
        for value in 0..<4 { _ = try await producer.produceItem { value } }
        while producer.statistics.finishedWaiting < 4 { await Task.yield() }
        let consumer = Task { () async throws in
            var iterator = iterator
            for value in 0..<4 {
                #expect(try await iterator.next() == value)
                await #expect(throws: ProducerError.wouldDeadlock) { try await producer.stop() }
            }
            Task { try await producer.stop() }
            #expect(try await iterator.next() == nil)
            #expect(try await producer.stop() == nil)
        }
        try await consumer.value
    }

    @Test @MainActor func staysOnTheCallersActor() async throws {
        let producer = try producer()
        let items = try producer.items()
        var steps = 0
        let consumer = Task { @MainActor in
            for try await _ in items { steps += 1 }
        }
        for value in 0..<100 { _ = try await producer.produceItem { value } }
        _ = try await producer.stop()
        try await consumer.value
        #expect(steps == 100)
    }

    /// `next()` takes ready items without a lock, and an ending may come in the middle of that: whoever of the two is
    /// later destroys what is left.
    @Test func endingWhileItemsAreTaken() async throws {
        let pool = try WorkerPool(threads: 2)
        for round in 0..<150 {
            let producer = try OrderedItemProducer<Token, Never>(pool: pool, configuration: .init(window: 32))
            let items = try producer.items()
            let ledger = Ledger()
            let last = Gate()
            let consumer = Task {
                var received = 0
                for try await item in items {
                    if item.value != received { Issue.record("item \(item.value) instead of \(received)") }
                    received += 1
                    if received == round { last.open() }
                }
            }
            let caller = Task {
                var value = 0
                while try await producer.produceItem({ [value] in Token(value, ledger) }) != nil { value += 1 }
            }
            if round > 0 { await last.opened() }
            producer.stopProducing()
            #expect(try await producer.stop() == nil)
            try await consumer.value
            try await caller.value
            await ledger.drained()
        }
    }

    @Test func nothingIsTakenDuringAPause() async throws {
        let producer = try producer(window: 64)
        let items = try producer.items()
        for value in 0..<64 { _ = try await producer.produceItem { value } }
        var iterator = items.makeAsyncIterator()
        for value in 0..<20 { #expect(try await iterator.next() == value) }
        producer.pause()
        #expect(producer.statistics.delivered == 20)
        #expect(producer.statistics.outstanding == 44)
        let resumed = Gate()
        let waker = Task {
            // Whatever was delivered by now was delivered in spite of the pause.
            #expect(producer.statistics.delivered == 20)
            resumed.open()
            producer.resume()
        }
        #expect(try await iterator.next() == 20)
        #expect(resumed.isOpen)
        await waker.value
        for value in 21..<64 { #expect(try await iterator.next() == value) }
    }
}
