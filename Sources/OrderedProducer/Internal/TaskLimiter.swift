// SPDX-License-Identifier: Apache-2.0

/// Starts jobs in the order in which they come, with at most `width` of them unfinished.
final class TaskLimiter: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var free: Int
        /// A queue: taken from the end of one, put at the end of the other.
        var leaving: [Job] = []
        var coming: [Job] = []

        mutating func next() -> Job? {
            if leaving.isEmpty {
                leaving = coming.reversed()
                coming.removeAll(keepingCapacity: true)
            }
            return leaving.popLast()
        }
    }

    private let state: Locked<State>

    init(width: Int) {
        state = Locked(State(free: width))
    }

    /// `job` starts something that calls ``finished()`` at its end.
    func start(_ job: @escaping Job) {
        let mayStart = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return true
            }
            state.coming.append(job)
            return false
        }
        if mayStart { job() }
    }

    func finished() {
        let next = state.withLock { state -> Job? in
            let next = state.next()
            if next == nil { state.free += 1 }
            return next
        }
        next?()
    }
}
