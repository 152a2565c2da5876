// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// What is particular to one form of `withOrderedItemProducer`; what all have in common is in `ScopeTests`.
@Suite(.endsWithin(minutes: 1))
struct WithOrderedItemProducerTests {
    @Test func consumerThatLeavesEarlyHasItsValue() async throws {
        let sum = try await withOrderedItemProducer(of: Int.self) { items in
            items.next()! + items.next()!
        } produce: { producer in
            var value = 1
            while try await producer.produceItem({ [value] in value }) != nil { value += 1 }
        }
        #expect(sum == 3)
    }

    @Test func errorOfTheBodyIsThrownAfterAConsumerThatLeft() async throws {
        await #expect(throws: TestError(value: 1)) {
            try await withOrderedItemProducer(of: Int.self) { items in
                items.next()!
            } produce: { producer in
                while try await producer.produceItem({ 0 }) != nil {}
                throw TestError(value: 1)
            }
        }
    }

    @Test func asyncConsumerThatLeavesEarlyHasItsValue() async throws {
        let first = try await withOrderedItemProducer(of: Int.self) { items in
            for try await item in items { return item }
            return -1
        } produce: { producer in
            while try await producer.produceItem({ 7 }) != nil {}
        }
        #expect(first == 7)
    }

    /// Such a consumer does not even drop the iterator: the sequence lives on in the scope.
    @Test func asyncConsumerThatNeverIterates() async throws {
        let value = try await withOrderedItemProducer(of: Int.self) { (_: AsyncOrderedItems<Int>) async in
            42
        } produce: { producer in
            while try await producer.produceItem({ 7 }) != nil {}
        }
        #expect(value == 42)
    }

    @Test func asyncConsumerMayHandleTheFailure() async throws {
        let handled = try await withOrderedItemProducer(of: Int.self) { items in
            var received = 0
            do {
                for try await _ in items { received += 1 }
                return -1
            } catch let failure as ItemFailure {
                #expect(failure.sequence == 2)
                return received
            }
        } produce: { producer in
            for value in 0..<5 {
                guard
                    try await producer.produceItem({
                        if value == 2 { throw TestError(value: 2) }
                        return value
                    }) != nil
                else { return }
            }
        }
        #expect(handled == 2)
    }

    /// The consumer is in the middle of something that only its cancellation ends.
    @Test func errorOfTheBodyCancelsTheAsyncConsumer() async throws {
        let cancelled = Gate()
        let taken = Gate()
        await #expect(throws: TestError(value: 1)) {
            try await withOrderedItemProducer(of: Int.self) { items in
                for try await _ in items {
                    taken.open()
                    await withTaskCancellationHandler {
                        await cancelled.opened()
                    } onCancel: {
                        cancelled.open()
                    }
                }
            } produce: { producer in
                _ = try await producer.produceItem { 1 }
                await taken.opened()
                throw TestError(value: 1)
            }
        }
        #expect(cancelled.isOpen)
    }

    enum Ending: CaseIterable, Sendable { case cancellation, bodysError, consumersError, failure }

    /// An async item that only its cancellation ends.
    @Test(arguments: Ending.allCases)
    func asyncItemsThatNobodyWantsAreCancelled(ending: Ending) async throws {
        let cancelled = Gate()
        let begun = Gate()
        let running = Task {
            try await withOrderedItemProducer(of: Int.self) { items in
                for _ in items where ending == .consumersError {
                    begun.wait()
                    throw TestError(value: 1)
                }
            } produce: { producer in
                _ = try await producer.produceItem { () async throws -> Int in
                    guard ending == .failure else { return 0 }
                    await begun.opened()
                    throw TestError(value: 2)
                }
                _ = try await producer.produceItem { () async throws -> Int in
                    begun.open()
                    await withTaskCancellationHandler {
                        await cancelled.opened()
                    } onCancel: {
                        cancelled.open()
                    }
                    return 1
                }
                await begun.opened()
                if ending == .bodysError { throw TestError(value: 3) }
            }
        }
        await begun.opened()
        switch ending {
        case .cancellation:
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        case .bodysError: await #expect(throws: TestError(value: 3)) { try await running.value }
        case .consumersError: await #expect(throws: TestError(value: 1)) { try await running.value }
        case .failure: await #expect(throws: ItemFailure.self) { try await running.value }
        }
        #expect(cancelled.isOpen)
    }

    /// Elsewhere ending production leaves the tasks of async items alone.
    @Test func asyncItemsOutsideAScopeAreNotCancelled() async throws {
        let producer = try OrderedItemProducer<Int, Never>()
        let begun = Gate()
        let go = Gate()
        let wasCancelled = Locked<Bool?>(nil)
        _ = try await producer.produceItem { () async -> Int in
            begun.open()
            await go.opened()
            wasCancelled.withLock { $0 = Task.isCancelled }
            return 0
        }
        await begun.opened()
        producer.stopProducing()
        go.open()
        _ = try await producer.stop()
        #expect(wasCancelled.withLock { $0 } == false)
    }

    @Test func sinkGivesTheBodysValue() async throws {
        let sum = Locked(0)
        let asked = try await withOrderedItemProducer(of: Int.self, onItem: { item in sum.withLock { $0 += item } }) {
            producer in
            for value in 0..<100 { _ = try await producer.produceItem { value } }
            return 100
        }
        #expect(asked == 100)
        #expect(sum.withLock { $0 } == 4950)
    }

    @Test func producerThatLeaksHasEnded() async throws {
        let leaked = Locked<OrderedItemProducer<Int, Int>?>(nil)
        _ = try await withOrderedItemProducer(of: Int.self) { items in
            items.reduce(0, +)
        } produce: { producer in
            leaked.withLock { $0 = producer }
        }
        #expect(try await leaked.withLock { $0 }?.produceItem { 1 } == nil)
    }

    /// The body takes the outcome, and the scope gives it nevertheless.
    @Test func bodyMayStopTheProducer() async throws {
        let sum = try await withOrderedItemProducer(of: Int.self) { items in
            items.reduce(0, +)
        } produce: { producer in
            for value in 0..<10 { _ = try await producer.produceItem { value } }
            #expect(try await producer.stop() == 45)
        }
        #expect(sum == 45)
        await #expect(throws: ItemFailure.self) {
            try await withOrderedItemProducer(of: Int.self) { items in
                items.reduce(0, +)
            } produce: { producer in
                _ = try await producer.produceItem { throw TestError(value: 1) }
                _ = try? await producer.stop()
            }
        }
    }

    @Test @MainActor func bodyRunsOnTheCallersActor() async throws {
        var asked = 0
        let count = try await withOrderedItemProducer(of: Int.self) { items in
            items.reduce(0) { count, _ in count + 1 }
        } produce: { producer in
            MainActor.assertIsolated()
            for value in 0..<50 {
                _ = try await producer.produceItem { value }
                asked += 1
            }
        }
        #expect(count == asked)
    }
}
