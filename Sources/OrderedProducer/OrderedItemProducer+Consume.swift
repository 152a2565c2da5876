// SPDX-License-Identifier: Apache-2.0

extension OrderedItemProducer {
    /// Runs `consume` in a thread of its own; returns once it runs there.
    ///
    /// What `consume` returns or throws is what `stop()` gives or throws. Where it returns or throws before the end of
    /// the iteration, production ends: no further item is started, and `produceItem` gives `nil`. `consume` may block.
    /// Where it captures its producer, it keeps that as long as it runs, which is for ever if nobody calls `stop()`,
    /// `finish()` or ``stopProducing()``: dropping the other references ends nothing then. Capture weakly.
    ///
    /// - Throws: ``ProducerError/alreadyStarted``, ``ProducerError/ended``, or ``ProducerError/system(_:code:)`` where
    ///   the thread cannot be started.
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

    /// Calls `onItem` for each item in order, one call at a time, on whichever pool thread finds the head deliverable.
    ///
    /// There is no consumer thread then and no wake-up for delivery: the fastest where `onItem` is short. If it throws,
    /// production ends and `stop()` rethrows that error; otherwise `stop()` gives `nil`. `onItem` may call
    /// ``stopProducing()``, ``pause()`` and ``tryProduceItem(_:)``. Where it captures its producer, the two keep each
    /// other alive until `stop()` has returned: capture weakly if `stop()` may never be called.
    ///
    /// - Throws: ``ProducerError/alreadyStarted`` or ``ProducerError/ended``.
    @inlinable
    public func start(onItem: @escaping @Sendable (Item) throws -> Void) throws {
        try delivery.start(onItem: onItem)
    }

    /// The items as an `AsyncSequence` with one iteration, instead of `start`.
    ///
    /// It rethrows the failure that ended production; `stop()` gives `nil` then, and rethrows the same failure. Whoever
    /// iterates keeps the producer, which otherwise ends with its last reference.
    ///
    /// - Throws: ``ProducerError/alreadyStarted`` or ``ProducerError/ended``.
    public func items() throws -> AsyncOrderedItems<Item> {
        try delivery.items()
    }

    /// A function that takes an item, meant for ``start(onItem:)``.
    @available(*, unavailable, message: "this function takes an item: write start(onItem:)")
    public func start(_ onItem: @escaping @Sendable (Item) throws -> Void) throws {
        try start(onItem: onItem)
    }

    /// Accepts no more, and returns at once: what is outstanding is delivered, then the iteration ends.
    ///
    /// Waiting callers get `nil`. A ``pause()`` stays in force. Before a consumer is attached nothing is lost: one that
    /// is attached later gets what is outstanding. Never blocks, and is allowed everywhere, also inside items and
    /// consumers. `stop()` tells when all is delivered, and what came of it.
    public func finish() { core.finish() }

    /// Ends the iteration after all outstanding items, waits for the consumer, and gives its value, once.
    ///
    /// Accepts no more items at once and lifts a pause. Before a consumer is attached it discards what was asked for
    /// and gives `nil`. Called again it gives `nil` at once; called from several tasks, one of them gets the outcome.
    /// Cancelling the waiting task does not end the wait; ``stopProducing()`` does.
    ///
    /// - Throws: ``ItemFailure`` where an item's failure ended production; what the consumer function or the sink
    ///   threw; ``ProducerError/wouldDeadlock`` inside the consumer, the sink or an item, and in the task that took
    ///   the last item of ``items()``, before it has seen the end. Nothing changes then.
    public nonisolated(nonsending) func stop() async throws -> Output? {
        try await delivery.stop()
    }

    /// The blocking form of `await stop()`, for code outside Swift concurrency.
    @available(*, noasync, message: "use 'await stop' here: this form blocks the thread")
    public func stop() throws -> Output? {
        try delivery.stopBlocking()
    }
}
