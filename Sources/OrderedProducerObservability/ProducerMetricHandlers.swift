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
                count("head_of_line_stall_nanoseconds") { $0.headOfLineStall },
            ]
            running = gauge("items_running")
            finishedWaiting = gauge("items_finished_waiting")
            outstanding = gauge("items_outstanding")
            late = gauge("items_late")
            longestStall = gauge("longest_stall_seconds")
        }

        /// Nothing counted yet.
        var nothing: [UInt64] { Array(repeating: 0, count: counts.count) }

        /// Counts what is more than what was `counted` of a producer before.
        ///
        /// The parts of a snapshot are read one after the other, so that a difference of two (`delivered`) may come out
        /// lower than the time before. What was counted stays counted, and is not counted again.
        func count(_ now: ProducerStatistics, counted: inout [UInt64]) {
            for (index, count) in counts.enumerated() {
                let value = count.value(now)
                guard value > counted[index] else { continue }
                count.counter.increment(by: Int64(clamping: value - counted[index]))
                counted[index] = value
            }
        }

        func show(_ sum: ProducerStatistics, longestStall nanoseconds: UInt64) {
            running.record(sum.running)
            finishedWaiting.record(sum.finishedWaiting)
            outstanding.record(sum.outstanding)
            late.record(sum.late)
            longestStall.record(Double(nanoseconds) / 1e9)
        }
    }
#endif
