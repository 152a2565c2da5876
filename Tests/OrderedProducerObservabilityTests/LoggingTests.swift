// SPDX-License-Identifier: Apache-2.0
#if Logging
    import Logging
    import OrderedProducer
    import Testing

    @testable import OrderedProducerObservability

    @Suite(.endsWithin(minutes: 1))
    struct LoggingTests {
        private struct Refused: Error, CustomStringConvertible {
            var description = "refused"
        }

        private let lines = LogLines()
        private var logger: Logger { Logger(label: "test") { _ in RecordingHandler(lines: lines) } }

        private func producer(_ policy: FailurePolicy = .endInOrder) throws -> OrderedItemProducer<Int, Int> {
            var configuration = ProducerConfiguration()
            configuration.onFailure = policy
            return try OrderedItemProducer(pool: WorkerPool(threads: 1), configuration: configuration)
        }

        @Test func ordinaryEndIsOneLine() async throws {
            let producer = try producer()
            try await producer.start { $0.reduce(0, +) }
            for value in 0..<100 { _ = try await producer.produceItem { value } }
            #expect(try await producer.stop(loggingTo: logger, name: "rows") == 4950)
            let line = try #require(lines.all.first)
            #expect(lines.all.count == 1)
            #expect(line.level == .debug)
            #expect(line.metadata["producer"] == "rows")
            #expect(line.metadata["requested"] == "100")
            #expect(line.metadata["delivered"] == "100")
            #expect(line.metadata["error"] == nil)
        }

        @Test func failureIsAnError() async throws {
            let producer = try OrderedTransform<Int, Int, Int>(pool: WorkerPool(threads: 1)) { value in
                if value == 3 { throw Refused(description: String(repeating: "refused ", count: 1000)) }
                return value
            }
            try await producer.start { $0.reduce(0, +) }
            _ = try await producer.produce(contentsOf: Array(0..<10))
            await #expect(throws: ItemFailure.self) { try await producer.stop(loggingTo: logger, name: "rows") }
            let line = try #require(lines.all.first)
            #expect(lines.all.count == 1)
            #expect(line.level == .error)
            #expect(line.metadata["sequence"] == "3")
            #expect(line.metadata["delivered"] == "3")
            // However long the error is.
            let error = try #require(line.metadata["error"]?.description)
            #expect(error.hasPrefix("refused refused"))
            #expect(error.count == 257)
        }

        @Test func errorOfTheConsumerHasNoSequence() async throws {
            let producer = try producer()
            try await producer.start { _ in throw Refused() }
            await #expect(throws: Refused.self) { try await producer.stop(loggingTo: logger, name: "rows") }
            #expect(lines.all.first?.metadata["error"] == "refused")
            #expect(lines.all.first?.metadata["sequence"] == nil)
        }

        @Test func aRefusedStopIsNoEnd() async throws {
            let (producer, logger) = (try producer(), logger)
            try await producer.start { $0.reduce(0, +) }
            _ = try await producer.produceItem { () async throws in
                await #expect(throws: ProducerError.wouldDeadlock) {
                    try await producer.stop(loggingTo: logger, name: "rows")
                }
                return 1
            }
            #expect(try await producer.stop(loggingTo: logger, name: "rows") == 1)
            #expect(lines.all.map(\.level) == [.debug])
        }

        @Test func itemsThatAreMissingAreAWarning() async throws {
            let producer = try producer()
            for value in 0..<3 { _ = try await producer.produceItem { value } }
            #expect(try await producer.stop(loggingTo: logger, name: "rows") == nil)
            #expect(lines.all.map(\.level) == [.warning])
            #expect(lines.all.first?.metadata["discarded"] == "3")
        }

        @Test func skippedItemsAreAWarning() async throws {
            let producer = try producer(.skip)
            try await producer.start { $0.reduce(0, +) }
            _ = try await producer.produceItem { () throws -> Int in throw Refused() }
            #expect(try await producer.stop(loggingTo: logger, name: "rows") == 0)
            #expect(lines.all.map(\.level) == [.warning])
            #expect(lines.all.first?.metadata["skipped"] == "1")
        }

        @Test func whatThereWasIsInTheMetadata() throws {
            var statistics = ProducerStatistics.none
            EndOfProduction(name: "rows", statistics: statistics, error: nil).log(to: logger)
            statistics.overtaken = 2
            statistics.longestStall = 5_400_000
            statistics.longestStallSequence = 7
            EndOfProduction(name: "rows", statistics: statistics, error: nil).log(to: logger)
            let names = ["overtaken", "longest_stall_ms", "longest_stall_sequence"]
            #expect(names.map { lines.all[0].metadata[$0] } == [nil, nil, nil])
            #expect(names.map { lines.all[1].metadata[$0] } == ["2", "5", "7"])
        }

        /// 256 characters of it, and a sign that there were more.
        @Test(arguments: [256, 257]) func aLongErrorIsCut(length: Int) throws {
            let error = Refused(description: String(repeating: "x", count: length))
            EndOfProduction(name: "rows", statistics: .none, error: error).log(to: logger)
            let expected = String(repeating: "x", count: 256) + (length > 256 ? "…" : "")
            #expect(lines.all.first?.metadata["error"] == "\(expected)")
        }

        @Test func skippedItemsAreOneLineAnUpdate() async throws {
            let producer = try producer(.skip)
            let failures = FailureLog(producer, name: "rows", logger: logger)
            try await producer.start { $0.reduce(0, +) }
            failures.update()
            #expect(lines.all.isEmpty)
            for value in 0..<50 {
                _ = try await producer.produceItem {
                    if value % 2 == 0 { throw Refused() }
                    return value
                }
            }
            _ = try await producer.stop()
            failures.update()
            failures.update()
            #expect(lines.all.count == 1)
            #expect(lines.all.first?.level == .warning)
            #expect(lines.all.first?.metadata["failed"] == "25")
            #expect(lines.all.first?.metadata["skipped"] == "25")
        }

        @Test func runLogsAfterEachIntervalAndAtItsEnd() async throws {
            let producer = try producer(.skip)
            let failures = FailureLog(producer, name: "rows", logger: logger)
            try await producer.start { $0.reduce(0, +) }
            let clock = SteppedClock()
            let running = Task { await failures.run(every: .seconds(5), clock: clock) }
            var asleep = clock.sleeps.makeAsyncIterator()
            let wake = try #require(await asleep.next())
            #expect(lines.all.isEmpty)
            try await fail(1, producer)
            wake.resume()
            _ = try #require(await asleep.next())  // it sleeps again, so it has logged
            #expect(lines.all.map(\.metadata["failed"]) == ["1"])
            try await fail(2, producer)
            running.cancel()
            await running.value
            #expect(lines.all.map(\.metadata["failed"]) == ["1", "2"])
            #expect(lines.all.map(\.metadata["skipped"]) == ["1", "2"])
            #expect(lines.all.last?.metadata["failed_in_all"] == "3")
            _ = try await producer.stop()
        }

        /// Returns when `count` more items have failed.
        private func fail(_ count: UInt64, _ producer: OrderedItemProducer<Int, Int>) async throws {
            let all = producer.statistics.failed + count
            for _ in 0..<count { _ = try await producer.produceItem { () throws -> Int in throw Refused() } }
            while producer.statistics.failed < all || producer.statistics.skipped < all { await Task.yield() }
        }
    }

    final class LogLines: Sendable {
        struct Line: Sendable {
            var level: Logger.Level
            var metadata: Logger.Metadata
        }

        private let lines = Locked([Line]())

        var all: [Line] { lines.withLock { $0 } }
        func add(_ line: Line) { lines.withLock { $0.append(line) } }
    }

    struct RecordingHandler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        init(lines: LogLines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.add(LogLines.Line(level: event.level, metadata: event.metadata ?? [:]))
        }
    }
#endif
