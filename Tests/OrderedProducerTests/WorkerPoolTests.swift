// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

@Suite(.endsWithin(minutes: 1))
struct WorkerPoolTests {
    @Test func hasAsManyThreadsAsTold() async throws {
        let pool = try WorkerPool(threads: 3)
        #expect(pool.threads == 3)
        try pool.resize(threads: 5)
        #expect(pool.threads == 5)
        try pool.resize(threads: 1)
        #expect(pool.threads == 1)
        #expect(try await pool.run { 42 } == 42)
    }

    @Test func sharedPoolFitsTheMachine() async throws {
        #expect(WorkerPool.shared.threads >= 1)
        #expect(WorkerPool.Configuration().threads == WorkerPool.shared.threads)
        #expect(try await WorkerPool.shared.run { "there" } == "there")
    }

    /// A thread that is bound to one processor may use one.
    @Test func defaultFollowsTheAffinityMask() async throws {
        let status = try await WorkerPool.shared.run { try Self.status() }
        let allowed = try #require(Self.processors(status).first)
        let bound = try WorkerPool(WorkerPool.Configuration(threads: 1, affinity: [allowed]))
        #expect(try await bound.run { WorkerPool.Configuration().threads } == 1)
    }

    /// All threads are needed at once, before and after a live resize.
    @Test func threadsRunSideBySideAfterResize() async throws {
        let pool = try WorkerPool(threads: 1)
        try pool.resize(threads: 4)
        let together = Countdown(4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await pool.run {
                        together.signal()
                        together.done.wait()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func resizeLeavesRunningItemsAlone() async throws {
        let pool = try WorkerPool(threads: 2)
        let (begun, gate) = (Countdown(2), Gate())
        let running = (0..<2).map { value in
            Task {
                try await pool.run {
                    begun.signal()
                    gate.wait()
                    return value
                }
            }
        }
        await begun.done.opened()
        try pool.resize(threads: 1)
        gate.open()
        #expect(try await running[0].value == 0)
        #expect(try await running[1].value == 1)
        #expect(try await pool.run { 2 } == 2)
    }

    @Test func runRethrows() async throws {
        let pool = try WorkerPool(threads: 1)
        await #expect(throws: TestError(value: 1)) { try await pool.run { throw TestError(value: 1) } }
    }

    @Test func runInACancelledTaskRunsNothing() async throws {
        let pool = try WorkerPool(threads: 1)
        let ran = Gate()
        let task = Task.immediate {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await pool.run { ran.open() }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        try await pool.run {}  // behind it in the pool's queue
        #expect(!ran.isOpen)
    }

    /// The pool's only thread is busy until the cancelled task has been told.
    @Test func runThatIsCancelledBeforeItsTurnRunsNothing() async throws {
        let pool = try WorkerPool(threads: 1)
        let (begun, gate, ran) = (Gate(), Gate(), Gate())
        let busy = Task {
            try await pool.run {
                begun.open()
                gate.wait()
            }
        }
        await begun.opened()
        let task = Task.immediate { try await pool.run { ran.open() } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        gate.open()
        try await busy.value
        try await pool.run {}
        #expect(!ran.isOpen)
        await pool.shutdown()
    }

    @Test func runThatHasBegunIsNotCancelled() async throws {
        let pool = try WorkerPool(threads: 1)
        let (begun, gate) = (Gate(), Gate())
        let task = Task {
            try await pool.run {
                begun.open()
                gate.wait()
                return 7
            }
        }
        await begun.opened()
        task.cancel()
        gate.open()
        #expect(try await task.value == 7)
    }

    @Test func threadsCarryTheName() async throws {
        var configuration = WorkerPool.Configuration(threads: 1)
        configuration.name = "named"
        let name = try await WorkerPool(configuration).run {
            try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        }
        #expect(name.hasPrefix("named-"))
    }

    @Test func affinityAndStackSizeReachTheThreads() async throws {
        var configuration = WorkerPool.Configuration(threads: 1, stackSize: 4 << 20)
        let status = try await WorkerPool(configuration).run { try Self.status() }
        let allowed = try #require(Self.processors(status).first)
        configuration.affinity = [allowed]
        let bound = try await WorkerPool(configuration).run { try Self.status() }
        #expect(Self.processors(bound) == [allowed])
        let depth = try await WorkerPool(configuration).run { Self.descend(1 << 20) }
        #expect(depth == 1 << 20)
    }

    private static func status() throws -> String {
        try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
    }

    /// The bounds of the ranges in "Cpus_allowed_list: 0-3,8".
    private static func processors(_ status: String) -> [Int] {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") }) else {
            return []
        }
        return line.dropFirst("Cpus_allowed_list:".count).split { !$0.isNumber }.compactMap { Int($0) }
    }

    /// Uses a mebibyte of stack.
    private static func descend(_ bytes: Int) -> Int {
        unsafe withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 16) { buffer in
            unsafe buffer.initializeMemory(as: UInt8.self, repeating: 1).reduce(0) { $0 + Int($1) }
        }
    }

    @Test(arguments: [
        (WorkerPool.Configuration(threads: 0), "threads"),
        (WorkerPool.Configuration(threads: -1), "threads"),
        (WorkerPool.Configuration(threads: .max), "threads"),
        (WorkerPool.Configuration(threads: 1_000_000), "threads"),
        (WorkerPool.Configuration(threads: 1, stackSize: 0), "stack"),
        (WorkerPool.Configuration(threads: 1, stackSize: -1), "stack"),
        (WorkerPool.Configuration(threads: 1, affinity: []), "affinity"),
        (WorkerPool.Configuration(threads: 1, affinity: [-1]), "affinity"),
        (WorkerPool.Configuration(threads: 1, affinity: [.max]), "affinity"),
    ])
    func badConfigurationIsNamed(configuration: WorkerPool.Configuration, word: String) {
        do throws(ProducerError) {
            _ = try WorkerPool(configuration)
            Issue.record("was accepted")
        } catch {
            guard case .invalidConfiguration(let detail) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(detail.contains(word), "\(detail)")
        }
    }

    @Test func threadsThatCannotBeStartedAreAnError() async throws {
        // No system has an address space for this stack.
        #expect(throws: ProducerError.self) {
            try WorkerPool(WorkerPool.Configuration(threads: 1, stackSize: 1 << 60))
        }
        let pool = try WorkerPool(threads: 2)
        #expect(throws: ProducerError.self) { try pool.resize(threads: 0) }
        #expect(pool.threads == 2)
    }

    @Test func shutdownWaitsAndIsIdempotent() async throws {
        let pool = try WorkerPool(threads: 2)
        let producer = try OrderedItemProducer<Int, Int>(pool: pool)
        try await producer.start { $0.reduce(0, +) }
        for value in 1...10 { _ = try await producer.produceItem { value } }
        let open = try OrderedItemProducer<Int, Int>(pool: pool)
        try await open.start { $0.reduce(0, +) }
        _ = try await open.produceItem { 7 }
        let first = Task.immediate { await pool.shutdown() }
        let second = Task.immediate { await pool.shutdown() }
        #expect(try await producer.stop() == 55)
        await first.value
        await second.value
        await pool.shutdown()
        // Its own end came first; what nobody stopped the shutdown has finished.
        #expect(try await producer.produceItem { 1 } == nil)
        #expect(try producer.tryProduceItem { 1 } == .ended)
        await #expect(throws: ProducerError.poolShutDown) { try await open.produceItem { 1 } }
        #expect(throws: ProducerError.poolShutDown) { try open.tryProduceItem { 1 } }
        #expect(try await open.stop() == 7)
        await #expect(throws: ProducerError.poolShutDown) { try await pool.run { 1 } }
        #expect(throws: ProducerError.poolShutDown) { try OrderedItemProducer<Int, Int>(pool: pool) }
        #expect(throws: ProducerError.poolShutDown) { try pool.resize(threads: 3) }
    }

    @Test func shutdownInsideAnAsyncItemDoesNotWaitForItself() async throws {
        let pool = try WorkerPool(threads: 1)
        let producer = try OrderedItemProducer<Int, Int>(pool: pool)
        try await producer.start { $0.reduce(0, +) }
        _ = try await producer.produceItem { () async throws -> Int in
            await pool.shutdown()
            return 3
        }
        #expect(try await producer.stop() == 3)
        await pool.shutdown()
    }

    @Test func itemsOutliveEveryReferenceToTheirPool() async throws {
        let producer = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        try await producer.start { $0.reduce(0, +) }
        for value in 1...100 { _ = try await producer.produceItem { value } }
        #expect(try await producer.stop() == 5050)
        #expect(try await producer.produceItem { 1 } == nil)
    }
}
