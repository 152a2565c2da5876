// SPDX-License-Identifier: Apache-2.0

/// One production that nothing outlives: what `withOrderedItemProducer` and `withOrderedTransform` have in common.
///
/// `Returned` is the output of the producer's own consumer function; `Output` is what the scope gives.
@usableFromInline
final class ProductionScope<Item: Sendable, Returned: Sendable, Output: Sendable>: Sendable {
    @usableFromInline let delivery: Delivery<Item, Returned>
    private let machine = Locked(ScopeStateMachine<Output>())

    @usableFromInline
    init(_ delivery: Delivery<Item, Returned>) {
        self.delivery = delivery
        delivery.ending.tasks.cancelUnwanted()
    }

    /// Runs `body`, then waits until every item is made and delivered or discarded, and the consumer has returned.
    ///
    /// Gives the consumer's value, or nil where it has none. `abort` is called in addition where production ends at
    /// once.
    @usableFromInline
    nonisolated(nonsending) func run(
        _ body: nonisolated(nonsending) () async throws -> Void,
        abort: @escaping @Sendable () -> Void = {}, join: nonisolated(nonsending) () async -> Void = {},
        consumerSeesFailure: Bool = false
    ) async throws -> Output? {
        let ending = Locked<Task<Void, Never>?>(nil)
        let failure = try await withTaskCancellationHandler {
            var consequence: (any Error)?
            do {
                try await body()
            } catch {
                if delivery.ending.itemHasFailed {
                    // The body was told of an end to which the consumer is still on its way.
                    consequence = error
                } else {
                    machine.withLock { $0.bodyFailed(error) }
                    delivery.stopProducing()
                    abort()
                }
            }
            let failure = try await delivery.end()
            await join()
            if failure == nil || consumerSeesFailure, let consequence {
                machine.withLock { $0.bodyFailed(consequence) }
            }
            return failure
        } onCancel: {
            machine.withLock { $0.cancelled() }
            let task = delivery.stopProducingElsewhere()
            ending.withLock { $0 = task }
            abort()
        }
        await ending.withLock { $0 }?.value
        if let failure, !consumerSeesFailure { throw failure }
        return try machine.withLock { machine in Result { try machine.outcome() } }.get()
    }

    /// With a consumer in a thread of its own.
    @usableFromInline
    nonisolated(nonsending) func run(
        consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output,
        produce: nonisolated(nonsending) () async throws -> Void
    ) async throws -> Output where Returned == Output {
        try await delivery.start { [machine] items in
            let result = Result { try consume(items) }
            machine.withLock { $0.consumerEnded(result) }
            return try result.get()
        }
        // The consumer has returned, or the state machine has thrown.
        return try await run(produce)!
    }

    /// With a sink. Inlinable, since the sink touches each item.
    @inlinable
    nonisolated(nonsending) func run(
        onItem: @escaping @Sendable (Item) throws -> Void,
        produce: nonisolated(nonsending) () async throws -> Output
    ) async throws -> Output {
        try delivery.start(onItem: onItem)
        var output: Output?
        _ = try await run({ output = try await produce() })
        // The body has returned, or its error was thrown.
        return output!
    }

    /// With a consumer that is a task: it sees what ends production in its iteration, and what it makes of that counts.
    @usableFromInline
    nonisolated(nonsending) func run(
        consume: @escaping @Sendable (AsyncOrderedItems<Item>) async throws -> Output,
        produce: nonisolated(nonsending) () async throws -> Void
    ) async throws -> Output {
        let items = try delivery.items()
        let consumer = Task { [machine, delivery] in
            let result: Result<Output, any Error>
            do {
                result = .success(try await consume(items))
            } catch {
                result = .failure(error)
            }
            machine.withLock { $0.consumerEnded(result) }
            delivery.stopProducing()
        }
        return try await run(
            produce, abort: { consumer.cancel() }, join: { await consumer.value }, consumerSeesFailure: true)!
    }
}
