// SPDX-License-Identifier: Apache-2.0
#if Metrics
    internal import CoreMetrics
    internal import OrderedProducer

    /// The metrics of one name, made once.
    struct ProducerMetricHandlers: Sendable {
        private struct Count: Sendable {
            let counter: Counter
            let value: @Sendable (ProducerStatistics) -> UInt64
        }

        private let counts: [Count]
        private let running: Gauge
        private let finishedWaiting: Gauge
        private let outstanding: Gauge
        private let late: Gauge
        private let longestStall: Gauge
        private let stall: CoreMetrics.Timer

        init(name: String, pool: String?, factory: any MetricsFactory) {
            let dimensions = [("producer", name)] + (pool.map { [("pool", $0)] } ?? [])
            func count(
                _ what: String, _ further: [(String, String)] = [],
                _ value: @escaping @Sendable (ProducerStatistics) -> UInt64
            ) -> Count {
                Count(
                    counter: Counter(
                        label: "ordered_producer_\(what)", dimensions: dimensions + further, factory: factory),
                    value: value)
            }
            func gauge(_ what: String) -> Gauge {
                Gauge(label: "ordered_producer_\(what)", dimensions: dimensions, factory: factory)
            }
            counts = [
                count("items_requested") { $0.requested },
                count("items_delivered") { $0.delivered },
                count("items_failed") { $0.failed },
                count("items_skipped") { $0.skipped },
                count("items_discarded") { $0.discarded },
                count("items_overtaken") { $0.overtaken },
                count("items_assisted") { $0.assisted },
                count("items_helped") { $0.helped },
                count("wakes", [("of", "worker")]) { $0.workerWakes },
                count("wakes", [("of", "consumer")]) { $0.consumerWakes },
                count("wakes", [("of", "caller")]) { $0.callerWakes },
            ]
            running = gauge("items_running")
            finishedWaiting = gauge("items_finished_waiting")
            outstanding = gauge("items_outstanding")
            late = gauge("items_late")
            longestStall = gauge("longest_stall_seconds")
            stall = CoreMetrics.Timer(
                label: "ordered_producer_head_of_line_stall", dimensions: dimensions, factory: factory)
        }

        func count(from last: ProducerStatistics, to now: ProducerStatistics) {
            for count in counts {
                let difference = Self.difference(count.value(last), count.value(now))
                if difference > 0 { count.counter.increment(by: difference) }
            }
            let stalled = Self.difference(last.headOfLineStall, now.headOfLineStall)
            if stalled > 0 { stall.recordNanoseconds(stalled) }
        }

        func show(_ sum: ProducerStatistics, longestStall nanoseconds: UInt64) {
            running.record(sum.running)
            finishedWaiting.record(sum.finishedWaiting)
            outstanding.record(sum.outstanding)
            late.record(sum.late)
            longestStall.record(Double(nanoseconds) / 1e9)
        }

        /// The parts of a snapshot are read one after the other; none of them goes back.
        private static func difference(_ last: UInt64, _ now: UInt64) -> Int64 {
            now > last ? Int64(clamping: now - last) : 0
        }
    }
#endif
