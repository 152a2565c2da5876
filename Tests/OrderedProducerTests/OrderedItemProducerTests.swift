// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Synchronization
import Testing

@Suite(.endsWithin(minutes: 1))
struct OrderedItemProducerTests {
    @Test func itemsArriveInTheOrderOfTheCalls() async throws {
        let producer = try OrderedItemProducer<Int, [Int]>(pool: WorkerPool(threads: 4))
        try await producer.start { Array($0) }
        for value in 0..<1000 {
            #expect(try await producer.produceItem { value * value } == UInt64(value))
        }
        #expect(try await producer.stop() == (0..<1000).map { $0 * $0 })
    }

    /// Item 0 finishes last, by construction.
    @Test(arguments: Consumer.Kind.allCases)
    func laterItemsWaitForEarlierOnes(kind: Consumer.Kind) async throws {
        let line = try Line(.items(.suspending), pool: WorkerPool(threads: 4), configuration: .init(window: 4))
        let consumer = Consumer(kind)
        try await consumer.attach(to: line)
        let others = Countdown(3)
        for value in 0..<4 {
            var make = Make(value, Ledger())
            if value == 0 { make.gate = others.done } else { make.made = others }
            #expect(try await line.produce(make) == .accepted)
        }
        #expect(try await line.stop() == consumer.value(4))
        await consumer.finished()
        #expect(consumer.received == [0, 1, 2, 3])
        #expect(line.statistics.delivered == 4)
    }

    @Test func synchronousAndAsynchronousItemsShareOneOrder() async throws {
        let producer = try OrderedItemProducer<Int, [Int]>(
            pool: WorkerPool(threads: 2), configuration: .init(window: 16))
        try await producer.start { Array($0) }
        for value in 0..<500 {
            if value.isMultiple(of: 3) {
                _ = try await producer.produceItem { () async throws -> Int in
                    await Task.yield()
                    return value
                }
            } else {
                _ = try await producer.produceItem { value }
            }
        }
        #expect(try await producer.stop() == Array(0..<500))
    }

    @Test func asyncItemsAreBoundedByTheWindow() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1), configuration: .init(window: 3))
        try await producer.start { $0.reduce(0, +) }
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        for value in 0..<100 {
            _ = try await producer.produceItem { () async throws -> Int in
                most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                for _ in 0..<5 { await Task.yield() }
                running.subtract(1, ordering: .relaxed)
                return value
            }
        }
        #expect(try await producer.stop() == 4950)
        #expect((1...3).contains(most.load(ordering: .relaxed)))
    }

    @Test(arguments: [1, 2])
    func widthBoundsWhatRunsAtOnce(width: Int) async throws {
        var configuration = ProducerConfiguration(window: 32)
        configuration.width = width
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 4), configuration: configuration)
        try await producer.start { $0.reduce(0, +) }
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        for value in 0..<2000 {
            _ = try await producer.produceItem {
                most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                running.subtract(1, ordering: .relaxed)
                return value
            }
        }
        #expect(try await producer.stop() == 1_999_000)
        #expect((1...width).contains(most.load(ordering: .relaxed)))
    }

    @Test func taskLocalValuesReachAsyncItems() async throws {
        let producer = try OrderedItemProducer<String, [String]>(pool: WorkerPool(threads: 1))
        try await producer.start { Array($0) }
        try await Context.$request.withValue("outer") {
            _ = try await producer.produceItem { () async throws -> String in
                await Task.yield()
                return Context.request
            }
            // What a synchronous item needs of them it captures.
            let request = Context.request
            _ = try await producer.produceItem { request + " captured" }
        }
        #expect(try await producer.stop() == ["outer", "outer captured"])
    }

    enum Context {
        @TaskLocal static var request = "none"
    }

    /// An actor's own calls, with nothing to wait for, do not leave the actor.
    @Test @MainActor func callsThatNeedNotWaitStayOnTheActor() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        var steps = 0
        let witness = Task { @MainActor in steps += 1 }
        for value in 0..<100 { _ = try await producer.produceItem { value } }
        #expect(steps == 0)
        await witness.value
        #expect(steps == 1)
        #expect(try await producer.stop() == nil)
    }

    @Test func largeAndOveralignedItemsKeepTheirBytes() async throws {
        struct Large: Sendable, Equatable {
            var lanes: SIMD64<UInt8>
            var more: (UInt64, UInt64, UInt64)
            static func == (left: Large, right: Large) -> Bool { left.lanes == right.lanes && left.more == right.more }
            init(_ value: Int) {
                lanes = SIMD64(repeating: UInt8(truncatingIfNeeded: value))
                more = (UInt64(value), UInt64(value) * 2, UInt64(value) * 3)
            }
        }
        let producer = try OrderedItemProducer<Large, Int>(
            pool: WorkerPool(threads: 2), configuration: .init(window: 5))
        try await producer.start { items in
            var count = 0
            for item in items {
                #expect(item == Large(count))
                count += 1
            }
            return count
        }
        for value in 0..<200 { _ = try await producer.produceItem { Large(value) } }
        #expect(try await producer.stop() == 200)
    }

    @Test func itemsWithoutBytesAreItemsToo() async throws {
        let producer = try OrderedItemProducer<Void, Int>(pool: WorkerPool(threads: 2))
        try await producer.start { $0.reduce(0) { count, _ in count + 1 } }
        for _ in 0..<100 { _ = try await producer.produceItem {} }
        #expect(try await producer.stop() == 100)
    }

    @Test func tryProduceItemTellsTheSequence() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1), configuration: .init(window: 2))
        #expect(try producer.tryProduceItem { 1 } == .accepted(0))
        #expect(try producer.tryProduceItem { 1 } == .accepted(1))
        #expect(try producer.tryProduceItem { 1 } == .full)
        producer.stopProducing()
        #expect(try producer.tryProduceItem { 1 } == .ended)
    }

    @Test(
        arguments: [
            (0, nil), (-1, nil), (Int.max, nil), ((1 << 30) + 1, nil), (8, 0), (8, -3), (8, Int.max),
        ] as [(Int, Int?)])
    func badConfigurationIsNamed(window: Int, width: Int?) {
        var configuration = ProducerConfiguration(window: window)
        configuration.width = width
        do throws(ProducerError) {
            _ = try OrderedItemProducer<Int, Int>(configuration: configuration)
            Issue.record("was accepted")
        } catch {
            guard case .invalidConfiguration(let detail) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(detail.contains(width == nil ? "window" : "width"), "\(detail)")
        }
    }

    @Test func sinkMayCaptureItsProducer() async throws {
        try await withLedger { ledger in
            let token = Token(0, ledger)
            let producer = try OrderedItemProducer<Int, Void>(pool: WorkerPool(threads: 1))
            try producer.start(onItem: { value in
                _ = token
                if value == 2 { producer.stopProducing() }
            })
            for value in 0..<3 { _ = try await producer.produceItem { value } }
            #expect(try await producer.stop() == nil)
        }
    }

    /// Even where production has ended already, in another way.
    @Test func whatTheSinkThrewIsTold() async throws {
        let producer = try OrderedItemProducer<Int, Void>(pool: WorkerPool(threads: 1))
        try producer.start(onItem: { [weak producer] value in
            producer?.stopProducing()
            throw TestError(value: value)
        })
        _ = try await producer.produceItem { 7 }
        await #expect(throws: TestError(value: 7)) { try await producer.stop() }
        #expect(try await producer.stop() == nil)
    }

    /// With one thread in the window's way: helping makes room elsewhere, and is refused where it cannot.
    @Test func blockingCallInsideAnItemIsRefusedWhereItCannotMakeRoom() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1), configuration: .init(window: 2))
        try await producer.start { $0.reduce(0, +) }
        let inner = Locked<[String]>([])
        let tried = Gate()
        _ = try await producer.produceItem {
            defer { tried.open() }
            for _ in 0..<2 {
                do {
                    let sequence = try producer.produceItem { 10 }
                    inner.withLock { $0.append("\(sequence ?? 99)") }
                } catch {
                    inner.withLock { $0.append("\(error as? ProducerError == .wouldDeadlock)") }
                }
            }
            return 1
        }
        await tried.opened()
        #expect(try await producer.stop() == 11)
        #expect(inner.withLock { $0 } == ["1", "true"])
    }
}
