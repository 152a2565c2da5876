// SPDX-License-Identifier: Apache-2.0

/// What became of one tracked item, for those who wait for it.
@usableFromInline
final class ItemOutcome<Item: Sendable>: Sendable {
    /// Not an enum: to append to an array in its payload is to copy it.
    private struct State {
        /// `nil`: pending.
        var resolved: Item??
        var waiting: [CheckedContinuation<Item?, Never>] = []
    }

    private let state = Locked(State())

    @usableFromInline
    init() {}

    /// The first resolution counts.
    @usableFromInline
    func resolve(_ item: Item?) {
        let waiting = state.withLock { state -> [CheckedContinuation<Item?, Never>] in
            guard state.resolved == nil else { return [] }
            state.resolved = .some(item)
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: item) }
    }

    nonisolated(nonsending) var value: Item? {
        get async {
            await withCheckedContinuation { continuation in
                let resolved = state.withLock { state -> Item?? in
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
    func keep(_ item: Item) {
        outcome.resolve(item)
    }

    deinit { outcome.resolve(nil) }
}
