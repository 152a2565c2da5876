// SPDX-License-Identifier: Apache-2.0

/// The states of one `WorkerPool.run`, and nothing else; ``PoolCall`` does what the methods return.
///
/// ```
///          queue            begin
///   new ───────────► queued ─────────► over      begun: it runs, and nothing takes it back
///    │ cancel          │ cancel, refused ▲
///    └───► takenBack ◄─┘                 │
///              └─────────────────────────┘ drop
/// ```
struct PoolCallStateMachine<Value: Sendable> {
    typealias Body = @Sendable () throws -> Value
    typealias Continuation = CheckedContinuation<Value, any Error>

    private enum State {
        case new(Body)
        case queued(Body, Continuation)
        /// Its function goes by ``drop()``: not where it is cancelled, since the end of what it has captured is code of
        /// the user's, and the runtime holds a lock of the task there.
        case takenBack(Body)
        /// It runs, or it never will.
        case over
    }

    private var state: State

    init(_ body: @escaping Body) {
        state = .new(body)
    }

    /// Whether the call is to be handed to the pool. False: it was cancelled before.
    mutating func queue(_ continuation: Continuation) -> Bool {
        guard case .new(let body) = state else { return false }
        state = .queued(body, continuation)
        return true
    }

    /// A thread of the pool has come to it. `nil`: it was cancelled before.
    mutating func begin() -> (body: Body, continuation: Continuation)? {
        guard case .queued(let body, let continuation) = state else { return nil }
        state = .over
        return (body, continuation)
    }

    /// The task was cancelled, or the pool refused the call. Returns who is to be told, if `body` has not begun.
    mutating func takeBack() -> Continuation? {
        switch state {
        case .new(let body):
            state = .takenBack(body)
            return nil
        case .queued(let body, let continuation):
            state = .takenBack(body)
            return continuation
        case .takenBack, .over:
            return nil
        }
    }

    /// The function of a call that was taken back, to be destroyed outside the lock.
    mutating func drop() -> Body? {
        guard case .takenBack(let body) = state else { return nil }
        state = .over
        return body
    }
}

/// One function on its way through a pool's run queue, and the task that waits for it.
final class PoolCall<Value: Sendable>: Sendable {
    private let machine: Locked<PoolCallStateMachine<Value>>

    init(_ body: @escaping @Sendable () throws -> Value) {
        machine = Locked(PoolCallStateMachine(body))
    }

    func start(on pool: CorePool, _ continuation: CheckedContinuation<Value, any Error>) {
        guard machine.withLock({ $0.queue(continuation) }) else {
            return continuation.resume(throwing: CancellationError())
        }
        do {
            try pool.run { self.run() }
        } catch {
            machine.withLock { $0.takeBack() }?.resume(throwing: error)
        }
    }

    private func run() {
        guard let call = machine.withLock({ $0.begin() }) else { return }
        call.continuation.resume(with: Result { try call.body() })
    }

    func cancel() {
        machine.withLock { $0.takeBack() }?.resume(throwing: CancellationError())
    }

    /// Destroys the function of a call that was taken back. Its pool may come to it much later.
    func drop() {
        _ = machine.withLock { $0.drop() }
    }
}
