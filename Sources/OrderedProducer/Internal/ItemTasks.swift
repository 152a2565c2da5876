// SPDX-License-Identifier: Apache-2.0

/// The tasks of one producer's async items. Inside a scope that must not be outlived, those whose items nobody wants
/// any more are cancelled; elsewhere nobody keeps count of them.
@usableFromInline
final class ItemTasks: Sendable {
    private struct Kept {
        /// Items from this sequence on are not wanted.
        var limit = UInt64.max
        /// Behind the last item that was started.
        var end: UInt64 = 0
        var running: [UInt64: Task<Void, Never>] = [:]

        /// Lowers the limit. Those that were wanted until then: O(of them, or all that run, whichever is less).
        mutating func lower(to sequence: UInt64) -> [Task<Void, Never>] {
            guard sequence < limit else { return [] }
            defer { limit = sequence }
            let unwanted = sequence..<max(sequence, min(limit, end))
            if unwanted.count < running.count { return unwanted.compactMap { running[$0] } }
            return running.filter { unwanted.contains($0.key) }.map(\.value)
        }
    }

    /// `nil`: nothing is cancelled.
    private let kept = Locked<Kept?>(nil)

    /// From now on. Called before the first item.
    @usableFromInline
    func cancelUnwanted() {
        kept.withLock { $0 = Kept() }
    }

    /// Starts `body` as the task of the item `sequence`. It inherits the caller's priority and task-local values.
    func start(_ sequence: UInt64, _ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        let (task, isWanted) = kept.withLock { kept -> (Task<Void, Never>, Bool) in
            guard kept != nil else { return (Task(operation: body), true) }
            // Under the lock, so that the task is entered before it can strike itself out.
            let task = Task { [self] in
                await body()
                self.kept.withLock { $0?.running[sequence] = nil }
            }
            kept!.running[sequence] = task
            kept!.end = max(kept!.end, sequence + 1)
            return (task, sequence < kept!.limit)
        }
        if !isWanted { task.cancel() }
        return task
    }

    /// Whether the task of the item `sequence` was cancelled here: what it throws is a consequence of that.
    func hasCancelled(_ sequence: UInt64) -> Bool {
        kept.withLock { $0.map { sequence >= $0.limit } ?? false }
    }

    /// Items from `sequence` on are not wanted.
    func cancel(from sequence: UInt64) {
        let unwanted = kept.withLock { $0?.lower(to: sequence) } ?? []
        // Not under the lock: a cancellation handler may end production once more.
        for task in unwanted { task.cancel() }
    }
}
