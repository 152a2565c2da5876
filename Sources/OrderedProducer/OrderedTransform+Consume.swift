// SPDX-License-Identifier: Apache-2.0

extension OrderedTransform {
    /// Runs `consume` in a thread of its own; returns once it runs there. As `OrderedItemProducer.start`.
    public nonisolated(nonsending) func start(
        _ consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output
    ) async throws {
        try await delivery.start(consume)
    }

    /// The blocking form of `await start`, for code outside Swift concurrency.
    @available(*, noasync, message: "use 'await start' here: this form blocks the thread")
    public func start(_ consume: @escaping @Sendable (OrderedItems<Item>) throws -> Output) throws {
        try delivery.startBlocking(consume)
    }

    /// Calls `onItem` for each item in order, on whichever pool thread finds the head deliverable.
    /// As ``OrderedItemProducer/start(onItem:)``.
    @inlinable
    public func start(onItem: @escaping @Sendable (Item) throws -> Void) throws {
        try delivery.start(onItem: onItem)
    }

    /// The items as an `AsyncSequence` with one iteration, instead of `start`. As ``OrderedItemProducer/items()``.
    public func items() throws -> AsyncOrderedItems<Item> {
        try delivery.items()
    }

    /// A function that takes an item, meant for ``start(onItem:)``.
    @available(*, unavailable, message: "this function takes an item: write start(onItem:)")
    public func start(_ onItem: @escaping @Sendable (Item) throws -> Void) throws {
        try start(onItem: onItem)
    }

    /// Accepts no more, and returns at once: what is outstanding is delivered, then the iteration ends.
    /// As ``OrderedItemProducer/finish()``.
    public func finish() { core.finish() }

    /// Ends the iteration after all outstanding items, waits for the consumer, and gives its value, once.
    /// As `OrderedItemProducer.stop`.
    public nonisolated(nonsending) func stop() async throws -> Output? {
        try await delivery.stop()
    }

    /// The blocking form of `await stop()`, for code outside Swift concurrency.
    @available(*, noasync, message: "use 'await stop' here: this form blocks the thread")
    public func stop() throws -> Output? {
        try delivery.stopBlocking()
    }
}
