// SPDX-License-Identifier: Apache-2.0

/// A handle on one item's own value, apart from its delivery: the Deferred that the original's `produceItem` returns.
///
/// It is made by ``OrderedItemProducer/produceTrackedItem(_:)``, may be copied and awaited from any number of tasks,
/// and keeps neither the producer nor the pool alive.
public struct TrackedItem<Item: Sendable>: Sendable {
    /// The item's sequence.
    public var sequence: UInt64

    let outcome: ItemOutcome<Item>

    @usableFromInline
    init(sequence: UInt64, outcome: ItemOutcome<Item>) {
        self.sequence = sequence
        self.outcome = outcome
    }

    /// The item's value as soon as it is made, which may be long before its turn to be delivered; `nil` where there is
    /// none: its function threw, or it was dropped. ``result`` tells which.
    ///
    /// Always resolves. Cancelling the waiting task does not end the wait, since the item itself is not cancelled
    /// either.
    public var value: Item? {
        get async {
            guard case .success(let item) = await outcome.resolution else { return nil }
            return item
        }
    }

    /// As ``value``, with what the item's function threw; `nil` where the item was dropped: production ended before it
    /// ran, or its deadline had passed.
    public var result: Result<Item, any Error>? {
        get async { await outcome.resolution }
    }
}
