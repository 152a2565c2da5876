// SPDX-License-Identifier: Apache-2.0

/// The states of one ``AsyncOrderedItems`` iteration, and nothing else: methods take an event and return what is to be
/// done about it, and ``AsyncItemsStorage`` does that outside its lock.
///
/// ```
///               makeIterator            wait                    notified
///   unclaimed ──────────────► iterating ──────────────► waiting ─────────► iterating(woken)
///       │                        │  ▲  notified (woken)
///       │ sequenceDropped        │  └──────────
///       └──────────► finished ◄──┘  abandoned, ended
/// ```
///
/// A cancelled task is notified, and leaves by itself.
struct AsyncItemsStateMachine {
    typealias Continuation = CheckedContinuation<Void, Never>

    private enum State {
        /// There is a sequence, and no iterator yet.
        case unclaimed
        /// The iterator is outside a wait. `woken`: the ready queue spoke up meanwhile, so the next wait is none.
        case iterating(woken: Bool)
        case waiting(Continuation)
        case finished
    }

    private var state = State.unclaimed

    /// Whether the caller becomes the one iterator.
    mutating func makeIterator() -> Bool {
        guard case .unclaimed = state else { return false }
        state = .iterating(woken: false)
        return true
    }

    /// The iterator found nothing deliverable. Returns the continuation where it need not wait.
    mutating func wait(_ continuation: Continuation) -> Continuation? {
        switch state {
        case .iterating(woken: false):
            state = .waiting(continuation)
            return nil
        case .iterating(woken: true):
            state = .iterating(woken: false)
            return continuation
        case .unclaimed, .waiting, .finished:
            return continuation
        }
    }

    /// The ready queue has something. Returns who is to be resumed.
    mutating func notified() -> Continuation? {
        switch state {
        case .iterating:
            state = .iterating(woken: true)
            return nil
        case .waiting(let continuation):
            state = .iterating(woken: false)
            return continuation
        case .unclaimed:
            // The iterator's first step asks the core anyway.
            return nil
        case .finished:
            return nil
        }
    }

    /// The core said that the iteration has ended.
    mutating func ended() {
        state = .finished
    }

    /// The iterator went, or its task found that it is cancelled. Whether the consumer is gone with it.
    mutating func abandoned() -> Bool {
        switch state {
        case .unclaimed, .iterating:
            state = .finished
            return true
        case .waiting:
            preconditionFailure("whoever waits keeps the iterator, and is not cancelled before it was resumed")
        case .finished:
            return false
        }
    }

    /// The last copy of the sequence went. Whether the consumer is gone with it.
    mutating func sequenceDropped() -> Bool {
        guard case .unclaimed = state else { return false }
        state = .finished
        return true
    }

    var isFinished: Bool {
        if case .finished = state { return true }
        return false
    }
}
