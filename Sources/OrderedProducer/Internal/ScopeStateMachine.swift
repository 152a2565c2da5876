// SPDX-License-Identifier: Apache-2.0

/// What came of one scope, and nothing else: of several things that end it the first counts, since the others may be
/// its consequences.
struct ScopeStateMachine<Output> {
    private enum State {
        case running
        case cancelled
        /// The producing body threw, or the consumer did.
        case failed(any Error)
        /// The consumer has its value, at the end of the iteration or before. A body that throws then is no
        /// consequence.
        case consumed(Output)
    }

    private var state = State.running

    mutating func cancelled() {
        if case .running = state { state = .cancelled }
    }

    mutating func bodyFailed(_ error: any Error) {
        switch state {
        case .running, .consumed: state = .failed(error)
        case .cancelled, .failed: break
        }
    }

    mutating func consumerEnded(_ result: Result<Output, any Error>) {
        guard case .running = state else { return }
        switch result {
        case .success(let value): state = .consumed(value)
        case .failure(let error): state = .failed(error)
        }
    }

    /// Once body and consumer are through. `nil`: there was no consumer with a value.
    func outcome() throws -> Output? {
        switch state {
        case .running: return nil
        case .cancelled: throw CancellationError()
        case .failed(let error): throw error
        case .consumed(let value): return value
        }
    }
}
