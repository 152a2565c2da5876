// SPDX-License-Identifier: Apache-2.0

/// Feeds inputs in `produce` and consumes what `transform` makes of them in `consume`, in a scope that nothing
/// outlives; gives the consumer's value.
///
/// ```swift
/// let size = try await withOrderedTransform { try compressed($0) } consume: { (blocks: OrderedItems<[UInt8]>) in
///     var size = 0
///     for block in blocks { try write(block); size += block.count }
///     return size
/// } produce: { blocks in
///     _ = try await blocks.produce(contentsOf: input)
/// }
/// ```
///
/// Waiting, cancellation and errors are those of `withOrderedItemProducer(of:pool:configuration:consume:produce:)`.
@inlinable
public nonisolated(nonsending) func withOrderedTransform<Input: Sendable, Item: Sendable, Output: Sendable>(
    pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
    transform: @escaping @Sendable (Input) throws -> Item,
    consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output,
    produce: nonisolated(nonsending) (OrderedTransform<Input, Item, Output>) async throws -> Void
) async throws -> Output {
    try Task.checkCancellation()
    let producer = try OrderedTransform<Input, Item, Output>(
        pool: pool, configuration: configuration, transform: transform)
    let scope = ProductionScope<Item, Output, Output>(producer.delivery)
    return try await scope.run(consume: consume) { try await produce(producer) }
}

/// As `withOrderedTransform(pool:configuration:transform:consume:produce:)` with a consumer that is a task. An item's
/// failure is thrown to it by its iteration.
@inlinable
public nonisolated(nonsending) func withOrderedTransform<Input: Sendable, Item: Sendable, Output: Sendable>(
    pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
    transform: @escaping @Sendable (Input) throws -> Item,
    consume: @escaping @Sendable (AsyncOrderedItems<Item>) async throws -> Output,
    produce: nonisolated(nonsending) (OrderedTransform<Input, Item, Never>) async throws -> Void
) async throws -> Output {
    try Task.checkCancellation()
    let producer = try OrderedTransform<Input, Item, Never>(
        pool: pool, configuration: configuration, transform: transform)
    let scope = ProductionScope<Item, Never, Output>(producer.delivery)
    return try await scope.run(consume: consume) { try await produce(producer) }
}

/// As `withOrderedTransform(pool:configuration:transform:consume:produce:)` with a sink, which has no value of its own:
/// gives what `produce` returns.
@inlinable
public nonisolated(nonsending) func withOrderedTransform<Input: Sendable, Item: Sendable, Output: Sendable>(
    pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
    transform: @escaping @Sendable (Input) throws -> Item,
    onItem: @escaping @Sendable (Item) throws -> Void,
    produce: nonisolated(nonsending) (OrderedTransform<Input, Item, Never>) async throws -> Output
) async throws -> Output {
    try Task.checkCancellation()
    let producer = try OrderedTransform<Input, Item, Never>(
        pool: pool, configuration: configuration, transform: transform)
    let scope = ProductionScope<Item, Never, Output>(producer.delivery)
    return try await scope.run(onItem: onItem) { try await produce(producer) }
}
