// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct OrderedItemsTests {
    @Test(arguments: [WaitStrategy.adaptive, .park, .spin], [true, false])
    func everyStrategyDeliversEverything(wait: WaitStrategy, assists: Bool) async throws {
        var configuration = ProducerConfiguration(window: 32)
        configuration.wait = wait
        configuration.assists = assists
        configuration.name = "strategist"
        let producer = try OrderedItemProducer<Int, [Int]>(pool: WorkerPool(threads: 2), configuration: configuration)
        try await producer.start { Array($0) }
        for value in 0..<2000 { _ = try await producer.produceItem { value } }
        #expect(try await producer.stop() == Array(0..<2000))
        if !assists { #expect(producer.statistics.assisted == 0) }
    }

    @Test func consumerRunsInAThreadOfItsOwnName() async throws {
        var configuration = ProducerConfiguration()
        configuration.name = "reader"
        let producer = try OrderedItemProducer<Int, String>(pool: WorkerPool(threads: 1), configuration: configuration)
        try await producer.start { _ in try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
        #expect(try await producer.stop() == "reader\n")
    }

    @Test func isASequence() async throws {
        let producer = try OrderedItemProducer<Int, [String]>(pool: WorkerPool(threads: 2))
        try await producer.start { items in items.filter { $0.isMultiple(of: 2) }.map { "\($0)" } }
        for value in 0..<10 { _ = try await producer.produceItem { value } }
        #expect(try await producer.stop() == ["0", "2", "4", "6", "8"])
    }

    /// `start { print($0) }` compiles as a consumer function: what it prints says so.
    @Test func describesItself() async throws {
        let producer = try OrderedItemProducer<Int, String>(pool: WorkerPool(threads: 1))
        try await producer.start { "\($0)" }
        let description = try #require(try await producer.stop())
        #expect(description == "OrderedItems<Int>: an iteration, not an item; loop over it, or use start(onItem:)")
    }

    /// The overloads that explain themselves where a closure takes an item: this compiles because it is unavailable
    /// itself.
    @available(*, unavailable)
    private func closuresThatTakeAnItem(
        _ items: OrderedItemProducer<Int, Void>, _ transform: OrderedTransform<Int, Int, Void>,
        _ take: @escaping @Sendable (Int) -> Void
    ) throws {
        try items.start(take)
        try transform.start(take)
    }

    /// The blocking forms together, as a program without tasks uses them.
    @Test func blockingFormsNeedNoTask() async throws {
        let sum = try await onThread { () throws -> Int? in
            let producer = try OrderedItemProducer<Int, Int>(
                pool: WorkerPool(threads: 2), configuration: .init(window: 4))
            try producer.start { $0.reduce(0, +) }
            for value in 1...1000 { _ = try producer.produceItem { value } }
            return try producer.stop()
        }
        #expect(sum == 500_500)
    }
}
