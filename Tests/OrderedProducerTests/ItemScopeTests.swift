// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
struct ItemScopeTests {
    /// Items that each ask for the next one.
    private final class Chain: Sendable {
        private struct WeakScope {
            weak var scope: ItemScope?
        }

        let producer: OrderedItemProducer<Int, Int>
        let length: Int
        let ended = Gate()
        /// How many of the items' scopes were alive in the last item.
        let aliveInTheLast = Locked(0)
        private let scopes = Locked<[WeakScope]>([])

        init(length: Int) throws {
            self.length = length
            producer = try OrderedItemProducer(pool: WorkerPool(threads: 1), configuration: .init(window: 4))
        }

        func ask(_ value: Int) async throws {
            let sequence = try await producer.produceItem { () async throws -> Int in
                self.scopes.withLock { $0.append(WeakScope(scope: ItemScope.current)) }
                if value + 1 < self.length {
                    try await self.ask(value + 1)
                } else {
                    let alive = self.scopes.withLock { $0.count { $0.scope != nil } }
                    self.aliveInTheLast.withLock { $0 = alive }
                    self.ended.open()
                }
                return value
            }
            #expect(sequence == UInt64(value))
        }
    }

    /// Only the items that have not finished are alive at the end of the chain.
    @Test func chainOfItemsDoesNotGrow() async throws {
        let chain = try Chain(length: 10_000)
        try await chain.producer.start { $0.reduce(0) { count, _ in count + 1 } }
        try await chain.ask(0)
        await chain.ended.opened()
        #expect((1..<1000).contains(chain.aliveInTheLast.withLock { $0 }))
        #expect(try await chain.producer.stop() == 10_000)
    }

    /// The outermost item has finished, and the one in the middle has not.
    @Test func anUnfinishedItemInsideAFinishedOneIsKept() async throws {
        let pool = try WorkerPool(threads: 1)
        let producers = try (0..<3).map { _ in try OrderedItemProducer<Int, Never>(pool: pool) }
        let cores = producers.map(\.core)
        let (begun, outermostIsFinished) = (Gate(), Gate())
        let middle = try await ItemScope(cores[0]).make {
            let middle = Task {
                try await ItemScope(cores[1]).make {
                    begun.open()
                    await outermostIsFinished.opened()
                    return try await ItemScope(cores[2]).make { cores.map { ItemScope.isInside($0) } }
                }
            }
            await begun.opened()
            return middle
        }
        outermostIsFinished.open()
        #expect(try await middle.value == [false, true, true])
    }
}
