// SPDX-License-Identifier: Apache-2.0
#if Tracing
    import InMemoryTracing
    import OrderedProducer
    import Testing
    import Tracing

    @testable import OrderedProducerObservability

    @Suite(.endsWithin(minutes: 1))
    struct TracingTests {
        private enum RequestKey: ServiceContextKey {
            typealias Value = String
        }

        private struct Refused: Error {}

        private func context(_ request: String) -> ServiceContext {
            var context = ServiceContext.topLevel
            context[RequestKey.self] = request
            return context
        }

        private func producer() async throws -> OrderedItemProducer<String?, [String?]> {
            let producer = try OrderedItemProducer<String?, [String?]>(pool: WorkerPool(threads: 2))
            try await producer.start { Array($0) }
            return producer
        }

        /// Each caller's own, and whoever runs the item has it no longer afterwards.
        @Test func callersContextIsCurrentInsideItems() async throws {
            let producer = try await producer()
            let seen: @Sendable () -> String? = { ServiceContext.current?[RequestKey.self] }
            for request in ["a", "b"] {
                try await ServiceContext.withValue(context(request)) {
                    _ = try await producer.produceItem(context: .current) { seen() }
                    _ = try await producer.produceItem(context: .current) { () async in seen() }
                    _ = try producer.tryProduceItem(context: .current) { seen() }
                }
            }
            _ = try await producer.produceItem { seen() }
            _ = try await producer.produceItem(context: context("c")) { () async in seen() }
            _ = try await producer.produceItem(context: nil) { seen() }
            #expect(try await producer.stop() == ["a", "a", "a", "b", "b", "b", nil, "c", nil])
        }

        @Test func withoutASpanNoneIsMade() async throws {
            let tracer = InMemoryTracer()
            try await withTracer(tracer) {
                let producer = try await producer()
                _ = try await producer.produceItem(context: .current) { nil }
                _ = try await producer.stop()
            }
            #expect(tracer.finishedSpans.isEmpty)
            #expect(tracer.activeSpans.isEmpty)
        }

        @Test func spansAreChildrenOfTheCallersAndKnowTheirSequence() async throws {
            let tracer = InMemoryTracer()
            let producer = try await producer()
            let parent = tracer.startSpan("request", context: context("a"))
            try await ServiceContext.withValue(parent.context) {
                _ = try await producer.produceItem { "unnoticed" }
                for _ in 0..<20 {
                    _ = try await producer.produceItem(span: "row", tracer: tracer) {
                        ServiceContext.current?[RequestKey.self]
                    }
                    _ = try await producer.produceItem(span: "row", tracer: tracer) { () async in
                        ServiceContext.current?[RequestKey.self]
                    }
                    _ = try producer.tryProduceItem(span: "row", tracer: tracer) {
                        ServiceContext.current?[RequestKey.self]
                    }
                }
            }
            #expect(try await producer.stop()?.dropFirst().allSatisfy { $0 == "a" } == true)
            #expect(tracer.activeSpans.map(\.operationName) == ["request"])
            let spans = tracer.finishedSpans
            #expect(spans.allSatisfy { $0.operationName == "row" && $0.parentSpanID == parent.spanID })
            let sequences = spans.compactMap { span -> Int64? in
                guard case .int64(let sequence) = span.attributes.get("ordered_producer.sequence") else { return nil }
                return sequence
            }
            #expect(sequences.sorted() == Array(1...60))
            #expect(spans.allSatisfy { $0.startInstant.nanosecondsSinceEpoch <= $0.endInstant.nanosecondsSinceEpoch })
            parent.end()  // while it has not, the tracer keeps it, and it the tracer
        }

        @Test func failureIsRecordedInItsSpan() async throws {
            let tracer = InMemoryTracer()
            let producer = try await producer()
            _ = try await producer.produceItem(span: "row", tracer: tracer) { () throws -> String? in throw Refused() }
            await #expect(throws: ItemFailure.self) { try await producer.stop() }
            let span = try #require(tracer.finishedSpans.first)
            #expect(span.errors.count == 1)
            #expect(span.status?.code == .error)
        }

        /// A span ends when its item does, and not when its caller hears of that.
        @Test func aSpanEndsWithItsItem() throws {
            let tracer = InMemoryTracer()
            let span = ItemSpan(name: "row", context: nil, tracer: tracer)
            _ = try span.run { 1 }
            let end = DefaultTracerClock.now.nanosecondsSinceEpoch
            while DefaultTracerClock.now.nanosecondsSinceEpoch <= end {}
            span.accepted(5)
            #expect(try #require(tracer.finishedSpans.first).endInstant.nanosecondsSinceEpoch <= end)
        }

        @Test func itemThatDoesNotRunHasNoSpan() async throws {
            let tracer = InMemoryTracer()
            let producer = try await producer()
            producer.stopProducing()
            #expect(try await producer.produceItem(span: "row", tracer: tracer) { nil } == nil)
            #expect(try producer.tryProduceItem(span: "row", tracer: tracer) { nil } == .ended)
            #expect(tracer.finishedSpans.isEmpty)
            #expect(tracer.activeSpans.isEmpty)
        }

        /// The item is through before its caller hears of it: the window is full, so the caller is told later.
        @Test func itemThatIsFasterThanItsCallersAnswer() async throws {
            let tracer = InMemoryTracer()
            let producer = try OrderedItemProducer<Int, Int>(
                pool: WorkerPool(threads: 1), configuration: .init(window: 1))
            let callers = (0..<10).map { value in
                Task.immediate { try await producer.produceItem(span: "row", tracer: tracer) { value } }
            }
            try await producer.start { $0.reduce(0, +) }
            for caller in callers { #expect(try await caller.value != nil) }
            #expect(try await producer.stop() == 45)
            #expect(tracer.finishedSpans.count == 10)
            #expect(tracer.activeSpans.isEmpty)
        }

        /// A synchronous function, so that the blocking forms are chosen; there is room, so they do not block.
        private func askBlocking(
            _ producer: OrderedItemProducer<String?, [String?]>, _ tracer: InMemoryTracer
        ) throws -> [UInt64?] {
            let seen: @Sendable () -> String? = { ServiceContext.current?[RequestKey.self] }
            return [
                try producer.produceItem(context: context("a")) { seen() },
                try producer.produceItem(context: nil) { seen() },
                try producer.produceItem(span: "row", context: context("b"), tracer: tracer) { seen() },
                try producer.produceItem(span: "row", tracer: tracer) { seen() },
            ]
        }

        @Test func blockingFormsBindTheContextAndMakeSpans() async throws {
            let tracer = InMemoryTracer()
            let producer = try await producer()
            let sequences = try ServiceContext.$current.withValue(context("c")) { try askBlocking(producer, tracer) }
            #expect(sequences == [0, 1, 2, 3])
            #expect(try await producer.stop() == ["a", nil, "b", "c"])
            let spans = tracer.finishedSpans
            #expect(spans.map(\.operationName) == ["row", "row"])
            let known = spans.compactMap { span -> Int64? in
                guard case .int64(let sequence) = span.attributes.get("ordered_producer.sequence") else { return nil }
                return sequence
            }
            #expect(known.sorted() == [2, 3])
            #expect(tracer.activeSpans.isEmpty)
            #expect(try askBlocking(producer, tracer) == [nil, nil, nil, nil])
            #expect(tracer.finishedSpans.count == 2)
        }
    }
#endif
