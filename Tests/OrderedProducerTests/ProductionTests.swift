// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// What a watcher learns of a production, and what it leaves alone.
@Suite(.endsWithin(minutes: 1))
struct ProductionTests {
    typealias Items = OrderedItemProducer<Int, Int>

    /// Waits for the end from now on, and checks then that it has come.
    private func watcher(of producer: Items) -> Task<Void, Never> {
        Task.immediate {
            await producer.waitForEnd()
            #expect((try? producer.tryProduceItem { -1 }) == .ended)
            #expect(producer.statistics.outstanding == 0)
        }
    }

    enum Inside: CaseIterable { case item, asyncItem, consumer, sink }

    @Test(arguments: Inside.allCases)
    func aRefusedStopIsNotToldToWatchers(inside: Inside) async throws {
        let producer = try Items(pool: WorkerPool(threads: 1))
        let watcher = watcher(of: producer)
        let (tried, held) = (Gate(), Gate())
        let stopInside = { @Sendable [weak producer] in
            #expect(throws: ProducerError.wouldDeadlock) { try producer?.stop() }
            tried.open()
            held.wait()
        }
        if inside == .sink {
            try producer.start(onItem: { _ in stopInside() })
        } else {
            try await producer.start { items in
                items.reduce(0) { sum, item in
                    if inside == .consumer { stopInside() }
                    return sum + item
                }
            }
        }
        if inside == .asyncItem {
            _ = try await producer.produceItem { () async throws in
                await #expect(throws: ProducerError.wouldDeadlock) { try await producer.stop() }
                tried.open()
                await held.opened()
                return 1
            }
        } else {
            _ = try await producer.produceItem {
                if inside == .item { stopInside() }
                return 1
            }
        }
        await tried.opened()
        for _ in 0..<100 { await Task.yield() }  // a watcher that was told finds that it is not true
        held.open()
        #expect(try await producer.stop() == (inside == .sink ? nil : 1))
        await watcher.value
    }

    enum End: CaseIterable { case stop, finish, stopProducing, failure, consumer }

    @Test(arguments: End.allCases)
    func watchersAreToldOfEveryEnd(end: End) async throws {
        let producer = try Items(pool: WorkerPool(threads: 1))
        let watchers = (0..<3).map { _ in watcher(of: producer) }
        try await producer.start { items in end == .consumer ? 7 : items.reduce(0, +) }
        switch end {
        case .stop: #expect(try await producer.stop() == 0)
        case .finish: producer.finish()
        case .stopProducing: producer.stopProducing()
        case .failure: _ = try await producer.produceItem { throw TestError(value: 1) }
        case .consumer: break
        }
        for watcher in watchers { await watcher.value }
        await producer.waitForEnd()  // again
    }

    @Test func aCancelledWatcherReturns() async throws {
        let producer = try Items(pool: WorkerPool(threads: 1))
        let watcher = Task.immediate { await producer.waitForEnd() }
        watcher.cancel()
        await watcher.value
        #expect(try producer.tryProduceItem { 1 } == .accepted(0))
    }

    @Test(arguments: [false, true])
    func drainLeavesTheValueToStop(first: Bool) async throws {
        let producer = try Items(pool: WorkerPool(threads: 1))
        try await producer.start { $0.reduce(0, +) }
        _ = try await producer.produceItem { 7 }
        if first { try await producer.drain() }
        #expect(try await producer.stop() == 7)
        #expect(try await producer.stop() == nil)
        try await producer.drain()
    }

    /// Also where `stop()` has thrown it already: who watches learns how production ended.
    @Test(arguments: [false, true], [false, true])
    func drainThrowsWhatStopThrows(first: Bool, ofAnItem: Bool) async throws {
        let producer = try Items(pool: WorkerPool(threads: 1))
        try await producer.start { items in
            for _ in items {}
            throw TestError(value: 1)
        }
        if ofAnItem { _ = try await producer.produceItem { throw TestError(value: 2) } }
        for drains in [first, !first] {
            let error = await #expect(throws: (any Error).self) {
                if drains { try await producer.drain() } else { _ = try await producer.stop() }
            }
            #expect((error as? ItemFailure)?.underlying as? TestError == (ofAnItem ? TestError(value: 2) : nil))
            #expect(error as? TestError == (ofAnItem ? nil : TestError(value: 1)))
        }
        #expect(try await producer.stop() == nil)
    }
}
