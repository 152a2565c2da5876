// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// What the Swift side knows about the end of one production, and the core cannot keep: the errors.
///
/// The core numbers failures and decides which one ends production; the error values stay here. An error is recorded
/// before the core hears of the failure, so whoever learns from the core that production failed finds the error.
@usableFromInline
final class Ending: Sendable {
    /// The code with which an item's failure is reported to the core.
    @usableFromInline static let itemFailed: Int32 = 1
    /// The code with which the sink reports that it threw.
    @usableFromInline static let sinkFailed: Int32 = 2

    private struct Errors {
        var lowest: ItemFailure?
        var reported: ItemFailure?
        var sink: (any Error)?
        /// Whether no item had failed when the sink did.
        var sinkIsFirst = false
    }

    private let errors = Locked(Errors())
    private let keepsFailures: Bool
    private let onItemFailure: (@Sendable (ItemFailure) -> Void)?
    @usableFromInline let tasks = ItemTasks()

    /// Items from this sequence on are not wanted any more.
    private let limit = Atomic<UInt64>(.max)

    @usableFromInline
    init(_ configuration: ProducerConfiguration) {
        keepsFailures = configuration.onFailure != .skip
        onItemFailure = configuration.onItemFailure
    }

    /// The item `sequence` threw `error`; the lowest sequence is kept.
    @usableFromInline
    func itemFailed(_ sequence: UInt64, _ error: any Error) {
        let failure = ItemFailure(sequence: sequence, underlying: error)
        onItemFailure?(failure)
        guard keepsFailures else { return }
        errors.withLock { errors in
            if let lowest = errors.lowest, lowest.sequence < sequence { return }
            errors.lowest = failure
        }
        lower(to: sequence)
    }

    @usableFromInline
    func sinkFailed(_ error: any Error) {
        errors.withLock { errors in
            errors.sink = error
            errors.sinkIsFirst = errors.lowest == nil
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
            if exchanged {
                return tasks.cancel(from: sequence)
            }
            current = seen
        }
    }

    /// The item failure that ended production: the same one whenever it is asked for, even if under `failFast` an
    /// earlier item fails after the first report.
    func itemFailure() -> ItemFailure? {
        errors.withLock { errors in
            if errors.reported == nil { errors.reported = errors.lowest }
            return errors.reported
        }
    }

    /// Whether an item has failed, be it that the iteration has not come to it yet.
    var itemHasFailed: Bool {
        errors.withLock { $0.lowest != nil }
    }

    func sinkFailure() -> (any Error)? {
        errors.withLock { $0.sink }
    }

    /// Where the core says that an item has ended production. Under `failFast` that can be one whose task was
    /// cancelled, or not begun, because the sink has failed: the core hears of that sooner than of the sink, which has
    /// yet to return.
    func earliestFailure() -> (any Error)? {
        errors.withLock { $0.sinkIsFirst ? $0.sink : nil } ?? itemFailure()
    }
}
