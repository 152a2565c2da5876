// SPDX-License-Identifier: Apache-2.0

/// A snapshot of one producer: counts since its creation, durations in nanoseconds.
///
/// The numbers are read one after the other while production goes on: each is right, and their sums may be off by what
/// happened in between. Once `stop()` has returned what is counted of items is final, except ``late``, and `requested`
/// equals `delivered + failed + discarded`; the counts of wakes and of help may rise by the last ones a moment later.
public struct ProducerStatistics: Sendable, Equatable {
    /// Sequences given, that is items accepted.
    public var requested: UInt64
    /// Items that reached the consumer.
    public var delivered: UInt64
    /// Items whose function threw, those whose tasks production's end has cancelled included, and async items that had
    /// not begun then.
    public var failed: UInt64
    /// Failed items that were left out, under ``FailurePolicy/skip``.
    public var skipped: UInt64
    /// Items that were neither delivered nor failed: production ended before, or they were overtaken by nothing.
    public var discarded: UInt64
    /// Items being made now, async ones included.
    public var running: Int
    /// Items that are finished now and wait for an earlier one, or for the consumer.
    public var finishedWaiting: Int
    /// Items asked for and not yet consumed, now.
    public var outstanding: Int
    /// The sequence that delivery waits for.
    public var head: UInt64
    /// Items that the consumer ran itself, instead of waiting for a worker to do so.
    public var assisted: UInt64
    /// Items that blocked callers ran, instead of only waiting for room in the window.
    public var helped: UInt64
    /// Times that a pool thread was woken for this producer.
    public var workerWakes: UInt64
    /// Times that the consumer was woken.
    public var consumerWakes: UInt64
    /// Times that a caller was woken from waiting for room in the window.
    public var callerWakes: UInt64
    /// Time in which finished items waited for an unfinished head: how much of the delay was one slow item's fault.
    public var headOfLineStall: UInt64
    /// The longest single such time.
    public var longestStall: UInt64
    /// The sequence of the item that the longest stall waited for; `nil` where there was none.
    public var longestStallSequence: UInt64?
    /// Items that were overtaken: a substitute took their place. They are counted as delivered, failed or (where
    /// nothing took their place) discarded, too. See <doc:Deadlines>.
    public var overtaken: UInt64
    /// Overtaken items that are still being made now. Each synchronous one keeps a thread of the pool.
    public var late: Int
}
