// SPDX-License-Identifier: Apache-2.0

/// The failure of an item that ended production: which item it was, and what its function threw.
///
/// `stop()` throws it, and ``AsyncOrderedItems`` ends with it. The original hands the same failure to the callback of
/// its `stop`, since that is where a user expects the outcome of the whole production.
public struct ItemFailure: Error {
    /// The sequence of the failing item; all items before it succeeded, unless the policy is
    /// ``FailurePolicy/failFast``.
    public let sequence: UInt64

    /// What the item function threw.
    public let underlying: any Error

    /// A failure of the item with number `sequence`.
    public init(sequence: UInt64, underlying: any Error) {
        self.sequence = sequence
        self.underlying = underlying
    }
}

extension ItemFailure: CustomStringConvertible {
    /// For logs: the sequence and the underlying error.
    public var description: String { "item \(sequence) failed: \(underlying)" }
}
