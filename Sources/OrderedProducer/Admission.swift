// SPDX-License-Identifier: Apache-2.0

/// What a call that does not wait found: ``OrderedItemProducer/tryProduceItem(_:)`` and
/// ``OrderedTransform/tryProduce(_:)``.
public enum Admission: Sendable, Equatable {
    /// The item was taken over and has this sequence.
    case accepted(UInt64)

    /// The window is full; no sequence was used up. Later calls may succeed, as the consumer gets on.
    case full

    /// Production has ended (stopped, failed, or the consumer is gone). No later call will succeed.
    case ended
}
