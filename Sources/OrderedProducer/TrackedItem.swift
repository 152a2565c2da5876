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

    /// The item's value as soon as it is made, which may be long before its turn to be delivered; `nil` where its
    /// function threw, or where production ended before it ran.
    ///
    /// Always resolves. Cancelling the waiting task does not end the wait, since the item itself is not cancelled
    /// either.
    public var value: Item? {
        get async { await outcome.value }
    }
}
