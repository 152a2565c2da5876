// SPDX-License-Identifier: Apache-2.0

/// What `mapInOrder` makes of an `AsyncSequence`: its elements transformed side by side, delivered in their order.
///
/// Nothing happens before the first `next()`; each iterator is an iteration of its own, over an iterator of the base of
/// its own. A task of the iteration's pulls from the base, as far ahead as the window allows, while the iterating task
/// takes what is ready: hence the base is `Sendable`.
///
/// Ordered, bounded, and ending as <doc:MapInOrder> says. An error of the base is thrown in its place, behind all
/// outputs of the elements before it, like one of the transform. Where the iteration ends early, the base's iteration
/// is cancelled.
public struct OrderedMapAsyncSequence<Base: AsyncSequence & Sendable, Element: Sendable>: AsyncSequence, Sendable
where Base.Element: Sendable {
    /// What the transform or the base throws, as it is; `CancellationError`; ``ProducerError`` where the production
    /// cannot be set up.
    public typealias Failure = any Error

    @usableFromInline let base: Base
    @usableFromInline let makeProduction: @Sendable () throws -> MapProduction<Base.Element, Element>

    @inlinable
    init(_ base: Base, _ makeProduction: @escaping @Sendable () throws -> MapProduction<Base.Element, Element>) {
        self.base = base
        self.makeProduction = makeProduction
    }

    /// An iteration of its own.
    @inlinable
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }

    /// The iterator of ``OrderedMapAsyncSequence``. It belongs to one task at a time; where its last copy goes before
    /// the end, nothing further is pulled, started or delivered.
    public struct AsyncIterator: AsyncIteratorProtocol {
        @usableFromInline
        enum State {
            case unstarted(OrderedMapAsyncSequence)
            case iterating(PulledMapIteration<Base.Element, Element>)
            case finished
        }

        @usableFromInline var state: State

        @inlinable
        init(_ sequence: OrderedMapAsyncSequence) {
            state = .unstarted(sequence)
        }

        /// The next output; `nil` at the end, again and again. Throws once: what the base or the transform threw,
        /// `CancellationError` where the task is cancelled, or ``ProducerError`` where the production cannot be set up.
        @inlinable
        public mutating func next() async throws -> Element? {
            try await next(isolation: nil)
        }

        /// As ``next()``, without leaving the caller's actor.
        @inlinable
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(any Error) -> Element? {
            let state = state
            // Over, unless it is found to go on.
            self.state = .finished
            let iteration: PulledMapIteration<Base.Element, Element>
            switch state {
            case .unstarted(let sequence):
                if Task.isCancelled { throw CancellationError() }
                iteration = PulledMapIteration(inTask: sequence.base, try sequence.makeProduction())
            case .iterating(let current):
                iteration = current
            case .finished:
                return nil
            }
            guard let element = try await iteration.next() else { return nil }
            self.state = .iterating(iteration)
            return element
        }
    }
}

@available(*, unavailable)
extension OrderedMapAsyncSequence.AsyncIterator: Sendable {}

extension AsyncSequence where Self: Sendable, Element: Sendable {
    /// The elements transformed side by side on `pool`, in their order, as they come.
    ///
    /// ```swift
    /// for try await line in lines.mapInOrder({ try parsed($0) }) { store(line) }
    /// ```
    ///
    /// - Parameters:
    ///   - width: How many elements are transformed at once; `nil`: as many as the pool has threads.
    ///   - window: How many elements are pulled ahead of what has been delivered, at most: the bound on memory, and the
    ///     back-pressure on the base. `nil`: four for each of the width, at least 64.
    ///   - pool: Where `transform` runs.
    ///   - transform: May block.
    /// - Returns: An `AsyncSequence` that starts with its first `next()`. Values out of range are thrown there.
    @inlinable
    public func mapInOrder<Output: Sendable>(
        width: Int? = nil, window: Int? = nil, pool: WorkerPool = .shared,
        _ transform: @escaping @Sendable (Element) throws -> Output
    ) -> OrderedMapAsyncSequence<Self, Output> {
        OrderedMapAsyncSequence(self) {
            try MapProduction(pool: pool, width: width, window: window, transform: transform)
        }
    }

    /// The elements transformed by up to `width` tasks at once, in their order, as they come.
    ///
    /// The tasks inherit the priority and the task-local values of the iterating task. Those whose outputs nobody wants
    /// any more, since the iteration ended or an earlier one failed, are cancelled.
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
    ) -> OrderedMapAsyncSequence<Self, Output> {
        OrderedMapAsyncSequence(self) {
            try MapProduction(width: width, window: window, transform: transform)
        }
    }
}
