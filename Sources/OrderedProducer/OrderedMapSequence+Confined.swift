// SPDX-License-Identifier: Apache-2.0

/// Bases that are not `Sendable`, and so cannot be pulled from on a thread of their own.
extension Sequence where Element: Sendable {
    /// The elements transformed side by side on `pool`, in their order; the base stays with the iterating task.
    ///
    /// As the form for a `Sendable` base, except that elements are pulled inside `next()`, and only where no output is
    /// ready. A base that blocks blocks the thread of the iterating task: its actor's executor (on the main actor, the
    /// main thread), or one of the concurrency runtime's threads, of which there are as many as processors. What is
    /// finished meanwhile waits. Make such a base `Sendable`: it gets a thread of its own then.
    ///
    /// - Parameters:
    ///   - width: How many elements are transformed at once; `nil`: as many as the pool has threads.
    ///   - window: How many elements are pulled ahead of what has been delivered, at most. `nil`: four for each of the
    ///     width, at least 64.
    ///   - pool: Where `transform` runs.
    ///   - transform: May block.
    /// - Returns: An `AsyncSequence` that starts with its first `next()`. Values out of range are thrown there.
    @inlinable
    public func mapInOrder<Output: Sendable>(
        width: Int? = nil, window: Int? = nil, pool: WorkerPool = .shared,
        _ transform: @escaping @Sendable (Element) throws -> Output
    ) -> OrderedMapSequence<Self, Output> {
        OrderedMapSequence(confined: self) {
            try MapProduction(pool: pool, width: width, window: window, transform: transform)
        }
    }

    /// The elements transformed by up to `width` tasks at once, in their order; the base stays with the iterating task.
    ///
    /// As the form for a `Sendable` base, except that elements are pulled inside `next()`, and only where no output is
    /// ready. A base that blocks blocks the thread of the iterating task: its actor's executor (on the main actor, the
    /// main thread), or one of the concurrency runtime's threads, of which there are as many as processors. What is
    /// finished meanwhile waits. Make such a base `Sendable`: it gets a thread of its own then.
    ///
    /// - Parameters:
    ///   - width: How many elements are transformed at once.
    ///   - window: How many elements are pulled ahead of what has been delivered, at most. `nil`: four for each of the
    ///     width, at least 64.
    ///   - transform: Runs on the concurrency runtime's threads, where it must not block.
    /// - Returns: An `AsyncSequence` that starts with its first `next()`. Values out of range are thrown there.
    @inlinable
    public func mapInOrder<Output: Sendable>(
        width: Int, window: Int? = nil,
        _ transform: @escaping @Sendable (Element) async throws -> Output
    ) -> OrderedMapSequence<Self, Output> {
        OrderedMapSequence(confined: self) {
            try MapProduction(width: width, window: window, transform: transform)
        }
    }
}
