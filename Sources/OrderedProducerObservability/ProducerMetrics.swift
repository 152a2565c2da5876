// SPDX-License-Identifier: Apache-2.0
#if Metrics
    public import CoreMetrics
    public import OrderedProducer

    /// The statistics of producers as metrics, under a name: created once, and updated by polling, never per item.
    ///
    /// ```swift
    /// let metrics = ProducerMetrics(rows, name: "rows", pool: "render")
    /// async let polling: Void = metrics.run(every: .seconds(10))
    /// ```
    ///
    /// All metrics carry the dimension `producer`, the given name, and, where one is given, `pool`. Both are the
    /// program's own constants, so that their number is bounded; the items' sequences and errors are no dimensions.
    ///
    /// | metric | kind | unit | what it is |
    /// |---|---|---|---|
    /// | `ordered_producer_items_requested` | counter | items | sequences given |
    /// | `ordered_producer_items_delivered` | counter | items | items that reached the consumer |
    /// | `ordered_producer_items_failed` | counter | items | items whose function threw |
    /// | `ordered_producer_items_skipped` | counter | items | failed items that were left out |
    /// | `ordered_producer_items_discarded` | counter | items | neither delivered nor failed: production ended before |
    /// | `ordered_producer_items_overtaken` | counter | items | a substitute took their place at their deadline |
    /// | `ordered_producer_items_assisted` | counter | items | made by the consumer itself |
    /// | `ordered_producer_items_helped` | counter | items | made by blocked callers |
    /// | `ordered_producer_wakes` | counter | wakes | dimension `of`: `worker`, `consumer`, `caller` |
    /// | `ordered_producer_items_running` | gauge | items | being made now |
    /// | `ordered_producer_items_finished_waiting` | gauge | items | finished, waiting for an earlier one or the
    /// consumer |
    /// | `ordered_producer_items_outstanding` | gauge | items | asked for and not yet consumed |
    /// | `ordered_producer_items_late` | gauge | items | overtaken, and still being made |
    /// | `ordered_producer_head_of_line_stall_nanoseconds` | counter | nanoseconds | time in which finished items
    /// waited for the head |
    /// | `ordered_producer_longest_stall_seconds` | gauge | seconds | the longest single stall so far |
    ///
    /// No metric is a distribution: an update sees sums, not single items.
    ///
    /// Several producers may share one object, as those of a server that makes one per request: counters count all of
    /// them, gauges give their sum. A producer that has ended leaves with the update after its last reference went (its
    /// window's memory stays until then), or at once with `remove(_:)`.
    public final class ProducerMetrics: Sendable {
        private struct Entry {
            weak var producer: (any Production)?
            let read: StatisticsReader
            var counted: [UInt64]
        }

        private let handlers: ProducerMetricHandlers
        private let entries = Locked<(live: [ObjectIdentifier: Entry], longestStall: UInt64)>(([:], 0))

        /// Metrics without a producer yet; `add(_:)` gives it some.
        ///
        /// - Parameters:
        ///   - name: The dimension `producer` of all metrics.
        ///   - pool: The dimension `pool`; `nil`: there is none.
        ///   - factory: Where the metrics are made.
        public init(name: String, pool: String? = nil, factory: any MetricsFactory = MetricsSystem.factory) {
            handlers = ProducerMetricHandlers(name: name, pool: pool, factory: factory)
        }

        /// Metrics of one producer.
        public convenience init<Item, Output>(
            _ producer: OrderedItemProducer<Item, Output>, name: String, pool: String? = nil,
            factory: any MetricsFactory = MetricsSystem.factory
        ) {
            self.init(name: name, pool: pool, factory: factory)
            add(producer)
        }

        /// Metrics of one producer of the other kind.
        public convenience init<Input, Item, Output>(
            _ producer: OrderedTransform<Input, Item, Output>, name: String, pool: String? = nil,
            factory: any MetricsFactory = MetricsSystem.factory
        ) {
            self.init(name: name, pool: pool, factory: factory)
            add(producer)
        }

        /// Counts `producer` as well, from its beginning; does not keep it. Without effect where it is counted already.
        public func add<Item, Output>(_ producer: OrderedItemProducer<Item, Output>) {
            add(production: producer)
        }

        /// As for the other kind of producer.
        public func add<Input, Item, Output>(_ producer: OrderedTransform<Input, Item, Output>) {
            add(production: producer)
        }

        /// Counts what `producer` has done since the last update, and no longer from then on. After `stop()` nothing of
        /// it is lost.
        public func remove<Item, Output>(_ producer: OrderedItemProducer<Item, Output>) {
            remove(production: producer)
        }

        /// As for the other kind of producer.
        public func remove<Input, Item, Output>(_ producer: OrderedTransform<Input, Item, Output>) {
            remove(production: producer)
        }

        /// Brings all metrics up to date. From any thread; O(producers × items outstanding).
        public func update() {
            // Under one lock from reading to counting, so that no difference is counted twice.
            entries.withLock { entries in
                var sum = ProducerStatistics.none
                for (identity, var entry) in entries.live {
                    // Asked before the reading, which is the last one then.
                    let isGone = entry.producer == nil
                    let now = count(&entry, &entries.longestStall)
                    sum.running += now.running
                    sum.finishedWaiting += now.finishedWaiting
                    sum.outstanding += now.outstanding
                    sum.late += now.late
                    let hasLeft = isGone && now.outstanding == 0 && now.late == 0
                    entries.live[identity] = hasLeft ? nil : entry
                }
                handlers.show(sum, longestStall: entries.longestStall)
            }
        }

        /// Updates the metrics now and after each `interval`, until the task is cancelled, and then once more.
        ///
        /// As a service: `cancelWhenGracefulShutdown { await metrics.run(every: .seconds(10)) }` in its `run()`.
        public func run(every interval: Duration, clock: any Clock<Duration> = ContinuousClock()) async {
            repeat {
                update()
            } while (try? await clock.sleep(for: interval)) != nil
            update()
        }

        private func add(production: any Production) {
            let read = production.statisticsReader
            entries.withLock { entries in
                guard entries.live[read.identity] == nil else { return }
                entries.live[read.identity] = Entry(producer: production, read: read, counted: handlers.nothing)
            }
        }

        private func remove(production: any Production) {
            entries.withLock { entries in
                guard var entry = entries.live.removeValue(forKey: production.statisticsReader.identity)
                else { return }
                _ = count(&entry, &entries.longestStall)
            }
        }

        private func count(_ entry: inout Entry, _ longestStall: inout UInt64) -> ProducerStatistics {
            let now = entry.read()
            handlers.count(now, counted: &entry.counted)
            longestStall = max(longestStall, now.longestStall)
            return now
        }
    }
#endif
