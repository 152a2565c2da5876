// SPDX-License-Identifier: Apache-2.0
#if Logging
    public import Logging
    public import OrderedProducer

    /// Logs that items of a long production are failing and being skipped: by polling, one line for all since the last
    /// one.
    ///
    /// For producers under `FailurePolicy.skip`, which otherwise only count such items. How a production ended is
    /// logged by `stop(loggingTo:name:)`.
    public final class FailureLog: Sendable {
        private let name: String
        private let logger: Logger
        private let read: StatisticsReader
        private let last = Locked<(failed: UInt64, skipped: UInt64)>((0, 0))

        /// A log of `producer`, which is called `name` there.
        public init<Item, Output>(_ producer: OrderedItemProducer<Item, Output>, name: String, logger: Logger) {
            self.name = name
            self.logger = logger
            read = producer.statisticsReader
        }

        /// A log of a producer of the other kind.
        public init<Input, Item, Output>(
            _ producer: OrderedTransform<Input, Item, Output>, name: String, logger: Logger
        ) {
            self.name = name
            self.logger = logger
            read = producer.statisticsReader
        }

        /// Logs a warning where items have failed since the last call: `producer`, and how many `failed` and were
        /// `skipped` since then, with `failed_in_all`.
        public func update() {
            let statistics = read()
            let before = last.withLock { last in
                defer { last = (max(last.failed, statistics.failed), max(last.skipped, statistics.skipped)) }
                return last
            }
            guard statistics.failed > before.failed else { return }
            logger.warning(
                "items failed",
                metadata: [
                    "producer": "\(name)",
                    "failed": "\(statistics.failed - before.failed)",
                    "skipped": "\(max(statistics.skipped, before.skipped) - before.skipped)",
                    "failed_in_all": "\(statistics.failed)",
                ])
        }

        /// Updates the log after each `interval`, until the task is cancelled, and then once more.
        public func run(every interval: Duration, clock: any Clock<Duration> = ContinuousClock()) async {
            while (try? await clock.sleep(for: interval)) != nil { update() }
            update()
        }
    }
#endif
