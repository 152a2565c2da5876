// SPDX-License-Identifier: Apache-2.0
#if Metrics
    import MetricsTestKit
    import OrderedProducer
    import Testing

    @testable import OrderedProducerObservability

    /// What becomes of the numbers of a snapshot.
    @Suite(.endsWithin(minutes: 1))
    struct ProducerMetricHandlersTests {
        private let backend = TestMetrics()

        private func counted(_ label: String, _ further: [(String, String)] = []) throws -> Int64 {
            let dimensions = [("producer", "rows"), ("pool", "render")] + further
            return try backend.expectCounter("ordered_producer_\(label)", dimensions).totalValue
        }

        @Test func eachCounterCountsItsOwn() throws {
            let handlers = ProducerMetricHandlers(name: "rows", pool: "render", factory: backend)
            var alreadyCounted = handlers.nothing
            let fields: [(WritableKeyPath<ProducerStatistics, UInt64>, String, String?)] = [
                (\.requested, "items_requested", nil), (\.delivered, "items_delivered", nil),
                (\.failed, "items_failed", nil), (\.skipped, "items_skipped", nil),
                (\.discarded, "items_discarded", nil), (\.overtaken, "items_overtaken", nil),
                (\.assisted, "items_assisted", nil), (\.helped, "items_helped", nil),
                (\.workerWakes, "wakes", "worker"), (\.consumerWakes, "wakes", "consumer"),
                (\.callerWakes, "wakes", "caller"), (\.headOfLineStall, "head_of_line_stall_nanoseconds", nil),
            ]
            var statistics = ProducerStatistics.none
            for (number, field) in fields.enumerated() { statistics[keyPath: field.0] = UInt64(number) + 1 }
            handlers.count(statistics, counted: &alreadyCounted)
            for (number, field) in fields.enumerated() {
                #expect(try counted(field.1, field.2.map { [("of", $0)] } ?? []) == Int64(number) + 1)
            }
        }

        /// A snapshot is not a cut: what is calculated from two numbers may go back from one to the next.
        @Test func nothingIsCountedTwice() throws {
            let handlers = ProducerMetricHandlers(name: "rows", pool: "render", factory: backend)
            var alreadyCounted = handlers.nothing
            for delivered: UInt64 in [8, 7, 8, 9] {
                var statistics = ProducerStatistics.none
                statistics.delivered = delivered
                handlers.count(statistics, counted: &alreadyCounted)
            }
            #expect(try counted("items_delivered") == 9)
        }
    }
#endif
