// SPDX-License-Identifier: Apache-2.0

/// The items of one production as an `AsyncSequence`, in the order in which they were asked for.
///
/// Made by ``OrderedItemProducer/items()`` or ``OrderedTransform/items()``. There is one iteration: a second iterator
/// ends at once. The iteration ends with `nil` after `stop()`, and throws the ``ItemFailure`` that ended production;
/// after that it gives `nil`, again and again.
///
/// Whoever stops taking items is gone for good: when the iterating task is cancelled, when the iterator goes before the
/// end (`break`), or when the sequence goes before anybody iterated, production ends as with `stopProducing()`. A task
/// that is cancelled between two calls of `next()` counts as gone from its next call on.
///
/// `next()` takes items that are ready without suspending. It never runs items itself, unlike ``OrderedItems/next()``,
/// since it would block a thread of the concurrency runtime.
public struct AsyncOrderedItems<Item: Sendable>: AsyncSequence, Sendable {
    /// What the iteration can throw.
    public typealias Failure = ItemFailure
    /// What the iteration gives.
    public typealias Element = Item

    let source: AsyncItemsSource

    @usableFromInline
    init(_ storage: AsyncItemsStorage) {
        source = AsyncItemsSource(storage)
    }

    /// The one iterator; a second one ends at once.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(source.storage.makeIterator() ? AsyncItemsIteration(source.storage) : nil)
    }

    /// The iterator of ``AsyncOrderedItems``. It belongs to one task at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// Nil once the iteration is over.
        @usableFromInline var iteration: AsyncItemsIteration?

        init(_ iteration: AsyncItemsIteration?) {
            self.iteration = iteration
        }

        /// The next item; `nil` at the end and where the task is cancelled. Throws the failure that ended production,
        /// once.
        @inlinable
        public mutating func next() async throws(ItemFailure) -> Item? {
            try await next(isolation: nil)
        }

        /// As ``next()``, without leaving the caller's actor.
        @inlinable
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(ItemFailure) -> Item? {
            guard let step = iteration?.take(Item.self) else { return nil }
            if case .item(let item) = step { return item }
            return try await next(after: step)
        }

        /// What `next()` does where no item was ready: apart from it, so that a run of ready items is a plain loop.
        @inlinable
        nonisolated(nonsending) mutating func next(
            after step: AsyncItemsIteration.Step<Item>
        ) async throws(ItemFailure) -> Item? {
            var step = step
            while let iteration {
                switch step {
                case .item(let item):
                    return item
                case .wait:
                    await iteration.storage.waitForItem()
                    step = iteration.take(Item.self)
                case .cancelled:
                    self.iteration = nil
                case .ended:
                    self.iteration = nil
                    if let failure = iteration.storage.finish() { throw failure }
                }
            }
            return nil
        }
    }
}

@available(*, unavailable)
extension AsyncOrderedItems.AsyncIterator: Sendable {}
