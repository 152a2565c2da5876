// SPDX-License-Identifier: Apache-2.0

/// Makes items in `produce` and consumes them in `consume`, in a scope that nothing outlives; gives the consumer's
/// value.
///
/// ```swift
/// let written = try await withOrderedItemProducer(of: [UInt8].self, configuration: .init(window: 64)) { rows in
///     var written = 0
///     for row in rows { try png.write(row); written += 1 }  // blocking, in a thread of its own, in order
///     return written
/// } produce: { rows in
///     for y in 0..<height { guard try await rows.produceItem({ mandelbrot(row: y) }) != nil else { break } }
/// }
/// ```
///
/// When `produce` has returned, what is outstanding is delivered, as by `stop()`. When this function returns or throws,
/// the consumer has returned and no item is running: it waits for both, however production ended. So an item or a
/// consumer that blocks for ever keeps the scope for ever. A producer that leaks out of the scope has ended. Items that
/// were overtaken at their deadline are not waited for (<doc:Deadlines>): they alone may outlive the scope.
///
/// **Cancellation.** Cancelling the task ends production at once, as ``OrderedItemProducer/stopProducing()`` does:
/// nothing further is started or delivered, the iteration ends, `produceItem` gives `nil`, and this function throws
/// `CancellationError` when the running items and the consumer have returned. Synchronous items run to their end; async
/// items that nobody wants any more are cancelled, here and wherever production ends early.
///
/// **Errors** surface once: the ``ItemFailure`` that ended production; else the first of what `produce` threw, what
/// `consume` threw, and a cancellation. What comes later, or is thrown by `produce` after an item has failed, counts as
/// a consequence and is dropped; only after a consumer that left early with a value is an error of `produce` still
/// thrown.
///
/// - Parameters:
///   - item: What the items are, where the compiler cannot tell.
///   - pool: Where synchronous items run.
///   - configuration: The window, the width and the rest.
///   - consume: Runs in a thread of its own, where it may block. Where it returns before the end, production ends.
///   - produce: Asks for the items, on the caller's actor.
/// - Returns: What `consume` returned.
/// - Throws: As above, or what making the producer and starting the thread throws; nothing was produced then.
@inlinable
public nonisolated(nonsending) func withOrderedItemProducer<Item: Sendable, Output: Sendable>(
    of item: Item.Type = Item.self, pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
    consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output,
    produce: nonisolated(nonsending) (OrderedItemProducer<Item, Output>) async throws -> Void
) async throws -> Output {
    try Task.checkCancellation()
    let producer = try OrderedItemProducer<Item, Output>(pool: pool, configuration: configuration)
    let scope = ProductionScope<Item, Output, Output>(producer.delivery)
    return try await scope.run(consume: consume) { try await produce(producer) }
}

/// As `withOrderedItemProducer(of:pool:configuration:consume:produce:)` with a consumer that is a task.
///
/// An item's failure is thrown to the consumer, in place, by its iteration; what the consumer makes of it counts. The
/// consumer's task is cancelled where `produce` throws and where the caller is cancelled. A consumer that returns
/// before the end of the iteration ends production.
@inlinable
public nonisolated(nonsending) func withOrderedItemProducer<Item: Sendable, Output: Sendable>(
    of item: Item.Type = Item.self, pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
    consume: @escaping @Sendable (AsyncOrderedItems<Item>) async throws -> Output,
    produce: nonisolated(nonsending) (OrderedItemProducer<Item, Never>) async throws -> Void
) async throws -> Output {
    try Task.checkCancellation()
    let producer = try OrderedItemProducer<Item, Never>(pool: pool, configuration: configuration)
    let scope = ProductionScope<Item, Never, Output>(producer.delivery)
    return try await scope.run(consume: consume) { try await produce(producer) }
}

/// As `withOrderedItemProducer(of:pool:configuration:consume:produce:)` with a sink, which has no value of its own:
/// gives what `produce` returns.
///
/// `onItem` is called for each item in order, as in ``OrderedItemProducer/start(onItem:)``; where it throws, production
/// ends with that error.
@inlinable
public nonisolated(nonsending) func withOrderedItemProducer<Item: Sendable, Output: Sendable>(
    of item: Item.Type = Item.self, pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
    onItem: @escaping @Sendable (Item) throws -> Void,
    produce: nonisolated(nonsending) (OrderedItemProducer<Item, Never>) async throws -> Output
) async throws -> Output {
    try Task.checkCancellation()
    let producer = try OrderedItemProducer<Item, Never>(pool: pool, configuration: configuration)
    let scope = ProductionScope<Item, Never, Output>(producer.delivery)
    return try await scope.run(onItem: onItem) { try await produce(producer) }
}
