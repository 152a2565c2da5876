// SPDX-License-Identifier: Apache-2.0

/// The tasks of one producer's async items. Inside a scope that must not be outlived, those whose items nobody wants
/// any more are cancelled; elsewhere nobody keeps count of them.
@usableFromInline
final class ItemTasks: Sendable {
    private struct Kept {
        /// Items from this sequence on are not wanted.
        var limit = UInt64.max
        var running: [UInt64: Task<Void, Never>] = [:]
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
        let unwanted = kept.withLock { kept -> [Task<Void, Never>] in
            guard kept != nil, sequence < kept!.limit else { return [] }
            kept!.limit = sequence
            return kept!.running.filter { $0.key >= sequence }.map(\.value)
        }
        // Not under the lock: a cancellation handler may end production once more.
        for task in unwanted { task.cancel() }
    }
}
