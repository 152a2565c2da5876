// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct OrderedTransformTests {
    @Test(arguments: [1, 3, 64, 1024], [0, 1, 5, 1000])
    func contentsArriveInOrder(window: Int, count: Int) async throws {
        let transform = try OrderedTransform<Int, String, [String]>(
            pool: WorkerPool(threads: 3), configuration: .init(window: window)
        ) { String($0) }
        try await transform.start { Array($0) }
        #expect(try await transform.produce(contentsOf: 0..<count) == count)
        #expect(try await onThread { try transform.produce(contentsOf: (count..<2 * count).lazy.map { $0 }) } == count)
        #expect(try await transform.stop() == (0..<2 * count).map(String.init))
    }

    @Test func errorOfTheInitialiserIsTyped() async throws {
        let pool = try WorkerPool(threads: 1)
        await pool.shutdown()
        do throws(ProducerError) {
            _ = try OrderedTransform<Int, Int, Int>(pool: pool) { $0 }
            Issue.record("was accepted")
        } catch {
            #expect(error == .poolShutDown)
        }
    }

    @Test func inputsAreConsumedOneByOne() async throws {
        let transform = try OrderedTransform<Int, Int, Int>(
            pool: WorkerPool(threads: 2), configuration: .init(window: 4)
        ) {
            $0 + 1
        }
        try await transform.start { $0.reduce(0, +) }
        for value in 0..<100 { #expect(try await transform.produce(value) == UInt64(value)) }
        #expect(try await transform.stop() == 5050)
    }

    @Test(arguments: [false, true])
    func contentsSayHowManyWereAccepted(blocking: Bool) async throws {
        try await withLedger { ledger in
            let transform = try OrderedTransform<Token, Token, Int>(
                pool: WorkerPool(threads: 1), configuration: .init(window: 8)
            ) { $0 }
            try await transform.start { items in
                var taken = 0
                for _ in items.prefix(20) { taken += 1 }
                return taken
            }
            let inputs = (0..<1000).map { Token($0, ledger) }
            let accepted =
                blocking
                ? try await onThread { try transform.produce(contentsOf: inputs) }
                : try await transform.produce(contentsOf: inputs)
            #expect((20..<1000).contains(accepted))
            #expect(try await transform.stop() == 20)
            #expect(transform.statistics.requested == accepted)
        }
    }

    @Test func cancelledContentsKeepWhatWasAccepted() async throws {
        try await withLedger { ledger in
            let transform = try OrderedTransform<Token, Token, Int>(
                pool: WorkerPool(threads: 1), configuration: .init(window: 5)
            ) { $0 }
            let inputs = (0..<100).map { Token($0, ledger) }
            let caller = Task.immediate { try await transform.produce(contentsOf: inputs) }
            #expect(transform.statistics.requested == 5)
            caller.cancel()
            await #expect(throws: CancellationError.self) { try await caller.value }
            try await transform.start { $0.reduce(0) { sum, token in sum + token.value } }
            #expect(try await transform.stop() == 10)
        }
    }

    /// A sequence that gives an input only once the item of the one before is made: nothing may be held back for a
    /// batch.
    @Test func slowSequencesAreNotGathered() async throws {
        let made = (0..<5).map { _ in Gate() }
        let transform = try OrderedTransform<Int, Int, Int>(pool: WorkerPool(threads: 1)) {
            made[$0].open()
            return $0
        }
        try await transform.start { $0.reduce(0, +) }
        let accepted = try await onThread {
            let inputs = (0..<5).lazy.map { value in
                if value > 0 { made[value - 1].wait() }
                return value
            }
            return try transform.produce(contentsOf: inputs)
        }
        #expect(accepted == 5)
        #expect(try await transform.stop() == 10)
    }
}
