// SPDX-License-Identifier: Apache-2.0

/// What became of one tracked item, for those who wait for it.
@usableFromInline
final class ItemOutcome<Item: Sendable>: Sendable {
    /// `nil`: the item was dropped.
    typealias Resolution = Result<Item, any Error>?

    /// Not an enum: to append to an array in its payload is to copy it.
    private struct State {
        /// `nil`: pending.
        var resolved: Resolution?
        var waiting: [CheckedContinuation<Resolution, Never>] = []
    }

    private let state = Locked(State())

    @usableFromInline
    init() {}

    /// The first resolution counts.
    @usableFromInline
    func resolve(_ resolution: Result<Item, any Error>?) {
        let waiting = state.withLock { state -> [CheckedContinuation<Resolution, Never>] in
            guard state.resolved == nil else { return [] }
            state.resolved = .some(resolution)
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: resolution) }
    }

    nonisolated(nonsending) var resolution: Resolution {
        get async {
            await withCheckedContinuation { continuation in
                let resolved = state.withLock { state -> Resolution? in
                    if state.resolved == nil { state.waiting.append(continuation) }
                    return state.resolved
                }
                if let resolved { continuation.resume(returning: resolved) }
            }
        }
    }
}

/// The one who owes an ``ItemOutcome``: it lives in the item's closure and nowhere else, so its end is the item's end,
/// and an item that never ran resolves to `nil` without anybody keeping count.
@usableFromInline
final class ItemPromise<Item: Sendable>: Sendable {
    private let outcome: ItemOutcome<Item>

    @usableFromInline
    init(_ outcome: ItemOutcome<Item>) {
        self.outcome = outcome
    }

    @usableFromInline
    func keep(_ result: Result<Item, any Error>) {
        outcome.resolve(result)
    }

    deinit { outcome.resolve(nil) }
}
