// SPDX-License-Identifier: Apache-2.0

/// What happened to one item, as ``OrderedTrace`` keeps it: 40 bytes.
struct TraceEvent: Sendable {
    enum Kind: UInt8 {
        case requested, started, finished, delivered, overtaken
    }

    var kind: Kind
    /// Whether a finished item failed.
    var failed: Bool
    /// The thread's number.
    var thread: UInt32
    /// The producer's place among those that the trace watches.
    var producer: Int
    var sequence: UInt64
    /// Nanoseconds of the monotonic clock.
    var time: UInt64
}
