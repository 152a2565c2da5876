// SPDX-License-Identifier: Apache-2.0

/// What became of one tracked item, for those who wait for it.
@usableFromInline
final class ItemOutcome<Item: Sendable>: Sendable {
    private enum State {
        case pending([CheckedContinuation<Item?, Never>])
        case resolved(Item?)
    }

    private let state = Locked(State.pending([]))

    @usableFromInline
    init() {}

    /// The first resolution counts.
    @usableFromInline
    func resolve(_ item: Item?) {
        let waiting = state.withLock { state -> [CheckedContinuation<Item?, Never>] in
            guard case .pending(let waiting) = state else { return [] }
            state = .resolved(item)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: item) }
    }

    nonisolated(nonsending) var value: Item? {
        get async {
            await withCheckedContinuation { continuation in
                let resolved = state.withLock { state -> Item?? in
                    switch state {
                    case .pending(let waiting):
                        state = .pending(waiting + [continuation])
                        return nil
                    case .resolved(let item):
                        return .some(item)
                    }
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
