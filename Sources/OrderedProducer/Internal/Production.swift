// SPDX-License-Identifier: Apache-2.0

/// What the integration modules of this package need of a producer, whatever its items are.
package protocol Production: PushProducer, AnyObject {
    var statistics: ProducerStatistics { get }

    /// What reads the statistics also after the producer has gone. It keeps the memory of the window meanwhile.
    var statisticsReader: StatisticsReader { get }

    func finish()

    /// As `stopProducing()`, for a cancellation handler: what is outstanding is destroyed on another thread.
    @discardableResult
    func stopProducingElsewhere() -> Task<Void, Never>

    /// Returns when production has ended, whatever the reason, or the task is cancelled. Changes nothing.
    nonisolated(nonsending) func waitForEnd() async

    /// As `stop()`, but leaves the outcome to whoever calls that: throws what it throws, and takes no value.
    nonisolated(nonsending) func drain() async throws
}

/// Reads the statistics of one production, whose identity it is.
package struct StatisticsReader: Sendable {
    let core: CoreProducer

    package var identity: ObjectIdentifier { ObjectIdentifier(core) }
    package func callAsFunction() -> ProducerStatistics { core.statistics }
}

extension OrderedItemProducer: Production {
    package var statisticsReader: StatisticsReader { StatisticsReader(core: core) }
    package func stopProducingElsewhere() -> Task<Void, Never> { delivery.stopProducingElsewhere() }
    package nonisolated(nonsending) func waitForEnd() async { await delivery.waitForEnd() }
    package nonisolated(nonsending) func drain() async throws { try await delivery.drain() }
}

extension OrderedTransform: Production {
    package var statisticsReader: StatisticsReader { StatisticsReader(core: core) }
    package func stopProducingElsewhere() -> Task<Void, Never> { delivery.stopProducingElsewhere() }
    package nonisolated(nonsending) func waitForEnd() async { await delivery.waitForEnd() }
    package nonisolated(nonsending) func drain() async throws { try await delivery.drain() }
}

extension ProducerStatistics {
    /// Before anything has happened.
    package static let none = ProducerStatistics(
        requested: 0, delivered: 0, failed: 0, skipped: 0, discarded: 0, running: 0, finishedWaiting: 0, outstanding: 0,
        head: 0, assisted: 0, helped: 0, workerWakes: 0, consumerWakes: 0, callerWakes: 0, headOfLineStall: 0,
        longestStall: 0, longestStallSequence: nil, overtaken: 0, late: 0)
}
