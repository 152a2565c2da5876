// SPDX-License-Identifier: Apache-2.0

/// Why an item failed that was overtaken and had no substitute: its deadline had passed, and the line waited for it.
///
/// It is ``ItemFailure/underlying`` of the failure that `stop()` throws then. See <doc:Deadlines>.
public struct DeadlineExceeded: Error, Equatable {
    /// The error.
    public init() {}
}

extension DeadlineExceeded: CustomStringConvertible {
    /// For logs.
    public var description: String { "it was not finished when its deadline had passed" }
}
