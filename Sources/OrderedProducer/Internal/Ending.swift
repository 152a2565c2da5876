// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// What the Swift side knows about the end of one production, and the core cannot keep: the errors.
///
/// The core decides whether a failure ends production, and whether that was an item's or the sink's; this type knows
/// which error that is. An error is recorded before the core hears of the failure, so whoever learns from the core that
/// production failed finds the error. What an item throws because this library has cancelled its task is a consequence
/// of an end, and never recorded.
@usableFromInline
final class Ending: Sendable {
    /// The code with which an item's failure is reported to the core.
    @usableFromInline static let itemFailed: Int32 = 1
    /// The code with which the sink reports that it threw.
    @usableFromInline static let sinkFailed: Int32 = 2

    private struct Errors {
        /// Of the items that failed, the one that counts.
        var item: ItemFailure?
        var sink: (any Error)?
        /// Whether no item had failed when the sink did.
        var sinkIsFirst = false
    }

    private let errors = Locked(Errors())
    private let policy: FailurePolicy
    private let onItemFailure: (@Sendable (ItemFailure) -> Void)?
    @usableFromInline let tasks = ItemTasks()

    /// Items from this sequence on are not wanted any more.
    private let limit = Atomic<UInt64>(.max)

    @usableFromInline
    init(_ configuration: ProducerConfiguration) {
        policy = configuration.onFailure
        onItemFailure = configuration.onItemFailure
    }

    // MARK: What happens

    /// The item `sequence` threw `error`, for good. In order the lowest sequence counts, at once the first in time.
    @usableFromInline
    func itemFailed(_ sequence: UInt64, _ error: any Error) {
        let failure = ItemFailure(sequence: sequence, underlying: error)
        onItemFailure?(failure)
        if policy == .skip { return }
        errors.withLock { errors in
            if let earlier = errors.item, policy == .failFast || earlier.sequence < sequence { return }
            errors.item = failure
        }
        lower(to: policy == .failFast ? 0 : sequence)
    }

    @usableFromInline
    func sinkFailed(_ error: any Error) {
        errors.withLock { errors in
            errors.sink = error
            errors.sinkIsFirst = errors.item == nil
        }
        lower(to: 0)
    }

    /// Nothing that has not begun is wanted any more.
    func endNow() {
        lower(to: 0)
    }

    /// Whether an async item with this number, whose task only starts now, is still worth making.
    ///
    /// Relaxed: it saves work and decides nothing; the core discards what comes too late.
    @usableFromInline
    func wants(_ sequence: UInt64) -> Bool {
        sequence < limit.load(ordering: .relaxed)
    }

    private func lower(to sequence: UInt64) {
        var current = limit.load(ordering: .relaxed)
        while sequence < current {
            let (exchanged, seen) = limit.weakCompareExchange(
                expected: current, desired: sequence, ordering: .relaxed)
            if exchanged { return tasks.cancel(from: sequence) }
            current = seen
        }
    }

    // MARK: What came of it

    /// Whether an item has failed, be it that the iteration has not come to it yet.
    var itemHasFailed: Bool {
        errors.withLock { $0.item != nil }
    }

    /// What ended the iteration, by the core's code of the failure that did: what `stop()` throws.
    func failure(_ code: Int32?) -> (any Error)? {
        errors.withLock { errors in
            switch code {
            // Production had ended, in another way, while the sink was throwing; nobody else tells of that.
            case nil, Self.sinkFailed: errors.sink
            // Under `failFast` that can be one whose task was cancelled, or not begun, because the sink has failed: the
            // core hears of that sooner than of the sink, which has yet to return.
            case .some: errors.sinkIsFirst ? errors.sink : errors.item
            }
        }
    }

    /// The same, for the one who iterates where there is no sink.
    func itemFailure(_ code: Int32?) -> ItemFailure? {
        code == nil ? nil : errors.withLock { $0.item }
    }
}
