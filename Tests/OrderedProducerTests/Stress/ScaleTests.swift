// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Synchronization
import Testing

@Suite(.endsWithin(minutes: 1))
struct ScaleTests {
    /// All of them are finished, and none may be delivered, before the first one is.
    @Test func twoHundredThousandItemsBehindOneSlowHead() async throws {
        let count = 200_000
        var configuration = ProducerConfiguration(window: count + 1)
        configuration.assists = false  // the consumer waits for the head, it does not make it
        let transform = try OrderedTransform<Int, Int, Int>(
            pool: WorkerPool(threads: 2), configuration: configuration
        ) { value in
            if value == 0 { Self.head.wait() }
            if Self.made.add(1, ordering: .relaxed).newValue == count { Self.others.open() }
            return value
        }
        try await transform.start { items in
            var next = 0
            for item in items {
                guard item == next else { return -1 }
                next += 1
            }
            return next
        }
        #expect(try await transform.produce(contentsOf: Array(0...count)) == count + 1)
        await Self.others.opened()
        #expect(transform.statistics.delivered == 0)
        #expect(transform.statistics.outstanding == count + 1)
        Self.head.open()
        #expect(try await transform.stop() == count + 1)
        let statistics = transform.statistics
        #expect(statistics.longestStallSequence == 0)
        #expect(statistics.longestStall > 0)
        #expect(statistics.headOfLineStall >= statistics.longestStall)
    }

    private static let head = Gate()
    private static let others = Gate()
    private static let made = Atomic<Int>(0)

    /// None is left behind: each needs all its items, and the pool has two threads.
    @Test func aThousandProducersShareOnePool() async throws {
        let pool = try WorkerPool(threads: 2)
        let producers = try (0..<1000).map { _ in
            try OrderedTransform<Int, Int, Void>(pool: pool, configuration: .init(window: 16)) { $0 * 2 }
        }
        let sums = (0..<1000).map { _ in Sum() }
        for (producer, sum) in zip(producers, sums) { try producer.start(onItem: { sum.add($0) }) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<4 {
                group.addTask {
                    for value in 0..<50 {
                        for producer in producers[part * 250..<(part + 1) * 250] {
                            _ = try await producer.produce(value)
                        }
                    }
                    for producer in producers[part * 250..<(part + 1) * 250] { _ = try await producer.stop() }
                }
            }
            try await group.waitForAll()
        }
        #expect(sums.allSatisfy { $0.value == 2450 })
    }

    private final class Sum: Sendable {
        private let sum = Locked(0)
        func add(_ value: Int) { sum.withLock { $0 += value } }
        var value: Int { sum.withLock { $0 } }
    }

    /// A busy producer does not keep the pool from another one.
    @Test func aLateProducerGetsItsTurn() async throws {
        let pool = try WorkerPool(threads: 1)
        let busy = try OrderedItemProducer<Int, Int>(pool: pool, configuration: .init(window: 64))
        try busy.start(onItem: { _ in })
        let over = Atomic<Bool>(false)
        let feeder = Task {
            while !over.load(ordering: .relaxed) { _ = try await busy.produceItem { 1 } }
        }
        let late = try OrderedItemProducer<Int, Int>(pool: pool)
        try await late.start { $0.reduce(0, +) }
        for value in 0..<1000 { _ = try await late.produceItem { value } }
        #expect(try await late.stop() == 499_500)
        over.store(true, ordering: .relaxed)
        try await feeder.value
        #expect(try await busy.stop() == nil)
    }

    /// Many callers, of tasks and threads, on one producer: every accepted item arrives, in sequence.
    @Test(arguments: Consumer.Kind.allCases)
    func manyCallersShareOneProducer(kind: Consumer.Kind) async throws {
        try await withLedger { ledger in
            let line = try Line(.items(.suspending), pool: WorkerPool(threads: 2), configuration: .init(window: 8))
            let consumer = Consumer(kind)
            try await consumer.attach(to: line)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<16 {
                    group.addTask {
                        for value in 0..<200 {
                            guard try await line.produce(Make(caller * 1000 + value, ledger)) == .accepted else {
                                return
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await line.stop() == consumer.value(3200))
            await consumer.finished()
            // Each caller's own items keep their order.
            for caller in 0..<16 {
                let own = consumer.received.filter { $0 / 1000 == caller }.map { $0 % 1000 }
                #expect(own == Array(0..<200))
            }
        }
    }
}
