// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1)) struct OrderedTraceTests {
    /// What a viewer would read: the events of the file, decoded by somebody else's decoder.
    private struct File: Decodable {
        struct Arguments: Decodable {
            var name: String?
            var outstanding: Int?
        }
        struct Event: Decodable {
            var ph: String
            var name: String
            var cat: String?
            var pid: Int
            var tid: Int?
            var args: Arguments?
            var ts: Double?
            var dur: Double?
        }
        var traceEvents: [Event]

        init(of trace: OrderedTrace) throws {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try trace.write(to: path)
            self = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        }

        func named(_ name: String) -> [Event] { traceEvents.filter { $0.name == name } }
    }

    private func producer(
        _ trace: OrderedTrace?, name: String? = nil, pool: WorkerPool
    ) throws -> OrderedItemProducer<Int, Int> {
        var configuration = ProducerConfiguration(window: 8)
        configuration.name = name
        configuration.trace = trace
        return try OrderedItemProducer(pool: pool, configuration: configuration)
    }

    @Test func eachItemIsRunAndDeliveredOnce() async throws {
        let trace = OrderedTrace()
        let pool = try WorkerPool(threads: 2)
        let producer = try producer(trace, name: "say \"ah\"\n", pool: pool)
        try await producer.start { $0.reduce(0, +) }
        for number in 0..<100 {
            // Every third as a task.
            if number % 3 == 0 {
                _ = try await producer.produceItem { await Task { number }.value }
            } else {
                _ = try await producer.produceItem { number }
            }
        }
        #expect(try await producer.stop() == 4950)

        let file = try File(of: trace)
        #expect(file.traceEvents.first { $0.ph == "M" }?.name == "process_name")
        var deliveredBefore = -1.0
        for number in 0..<100 {
            let runs = file.named("item \(number)")
            let deliveries = file.named("delivered \(number)")
            try #require(runs.count == 1 && deliveries.count == 1)
            let finished = try #require(runs[0].ts) + #require(runs[0].dur)
            let delivered = try #require(deliveries[0].ts)
            #expect(finished <= delivered + 0.001)
            #expect(deliveredBefore <= delivered)
            deliveredBefore = delivered
        }
        #expect(trace.dropped == 0)
        // The consumer's thread has ended, and is called by its name all the same.
        #expect(file.named("thread_name").contains { $0.args?.name?.hasPrefix("say \"ah\"") == true })
        await pool.shutdown()
    }

    @Test func whoHoldsTheLineIsShown() async throws {
        let trace = OrderedTrace()
        let pool = try WorkerPool(threads: 2)
        let producer = try producer(trace, pool: pool)
        let gate = Gate()
        _ = try await producer.produceItem {
            gate.wait()
            return 0
        }
        // The second opens it, after which it still has to be delivered behind the first.
        _ = try await producer.produceItem { 1 }
        let third = try await producer.produceTrackedItem { 2 }
        #expect(await third?.value == 2)
        gate.open()
        try await producer.start { Array($0).count }
        #expect(try await producer.stop() == 3)
        #expect(try File(of: trace).named("held by 0").count == 1)
        await pool.shutdown()
    }

    @Test func whatIsLeftOutIsOutstandingNoLonger() async throws {
        let trace = OrderedTrace()
        let pool = try WorkerPool(threads: 1)
        var configuration = ProducerConfiguration(window: 8)
        configuration.deadline = .nanoseconds(1)
        configuration.trace = trace
        let producer = try OrderedItemProducer<Int, Int>(pool: pool, configuration: configuration) { _ in nil }
        let gate = Gate()
        _ = try await producer.produceItem {
            gate.wait()
            return 0
        }
        try await producer.start { Array($0).count }
        #expect(try await producer.stop() == 0)
        #expect(try File(of: trace).named("items").last?.args?.outstanding == 0)
        gate.open()
        await pool.shutdown()
    }

    @Test func producersHaveTracksOfTheirOwn() async throws {
        let trace = OrderedTrace()
        let pool = try WorkerPool(threads: 2)
        for name in ["one", "two"] {
            let producer = try producer(trace, name: name, pool: pool)
            try producer.start(onItem: { _ in })
            _ = try await producer.produceItem { 1 }
            _ = try await producer.stop()
        }
        let items = try File(of: trace).named("item 0")
        #expect(Set(items.map(\.pid)).count == 2)
        await pool.shutdown()
    }

    @Test func whatFindsNoRoomIsCounted() async throws {
        let trace = OrderedTrace(capacity: 0)  // the least there is
        let pool = try WorkerPool(threads: 1)
        let producer = try producer(trace, pool: pool)
        try producer.start(onItem: { _ in })
        for number in 0..<5000 { _ = try await producer.produceItem { number } }
        _ = try await producer.stop()
        // 20,000 events; which of them found room depends on the threads' numbers.
        let kept = try File(of: trace).traceEvents.filter { $0.ph == "X" && $0.cat == "item" }.count
        #expect(trace.dropped >= 20000 - 4096)
        #expect(kept <= 4096)
        await pool.shutdown()
    }

    @Test func eachEventThatFindsNoRoomIsCounted() {
        let store = TraceStore(capacity: 4097)  // two chunks
        let producer = store.register("one")
        for time in UInt64(0)..<10_000 {
            store.record(
                TraceEvent(
                    kind: .requested, failed: false, thread: 3, producer: producer, sequence: time, time: time))
        }
        #expect(store.dropped == 10_000 - 8192)
        #expect(store.snapshot()[0].name == "one")
        #expect(store.snapshot()[0].events.map(\.time) == Array(0..<8192))
    }

    /// What there is keeps the reader busy, while producers that have an event at once come all the time.
    @Test func producersMayComeWhileItIsRead() async {
        let store = TraceStore(capacity: 1 << 20)
        let (coming, isRead) = (Gate(), EndSignal())
        @Sendable func record(thread: UInt32, producer: Int) {
            store.record(
                TraceEvent(
                    kind: .requested, failed: false, thread: thread, producer: producer, sequence: 0, time: 0))
        }
        let first = store.register(nil)
        for _ in 0..<200_000 { record(thread: 0, producer: first) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                coming.open()
                while !isRead.hasFired {
                    record(thread: 15, producer: store.register(nil))
                    await Task.yield()
                }
            }
            group.addTask {
                await coming.opened()
                #expect(store.snapshot()[first].events.count == 200_000)
                isRead.fire()
            }
        }
    }

    @Test func itMayHaveRoomForAll() {
        #expect(OrderedTrace(capacity: .max).dropped == 0)
    }

    @Test func aFileThatCannotBeWrittenIsSaid() throws {
        let trace = OrderedTrace()
        let missing = "/nonexistent-folder/trace.json"
        #expect(throws: ProducerError.system("opening \(missing)", code: ENOENT)) { try trace.write(to: missing) }
        #expect(throws: ProducerError.system("closing /dev/full", code: ENOSPC)) { try trace.write(to: "/dev/full") }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }

    @Test func withoutATraceNothingIsRecorded() async throws {
        let trace = OrderedTrace()
        let pool = try WorkerPool(threads: 1)
        let producer = try producer(nil, pool: pool)
        try producer.start(onItem: { _ in })
        _ = try await producer.produceItem { 1 }
        _ = try await producer.stop()
        #expect(try File(of: trace).traceEvents.isEmpty)
        await pool.shutdown()
    }
}
