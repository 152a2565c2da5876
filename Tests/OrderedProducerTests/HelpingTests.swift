// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

/// Who waits may run other callers' items; a thread that is inside a task never does, since it would lend them the
/// task's values and its cancellation.
@Suite(.timeLimit(.minutes(1)))
struct HelpingTests {
    enum Context {
        @TaskLocal static var request = "none"
    }

    /// What items see that was not meant for them.
    private final class Witness: Sendable {
        private let seen = Locked(Set<String>())

        func look() {
            unsafe withUnsafeCurrentTask { task in
                if unsafe task != nil { _ = seen.withLock { $0.insert("a task") } }
                if unsafe task?.isCancelled == true { _ = seen.withLock { $0.insert("cancelled") } }
            }
            if Context.request != "none" { _ = seen.withLock { $0.insert(Context.request) } }
        }

        var all: Set<String> { seen.withLock { $0 } }
    }

    /// A thread for each job: what blocks keeps none of the concurrency runtime's.
    private final class OwnThread: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            let executor = unsafe asUnownedTaskExecutor()
            Thread { unsafe job.runSynchronously(on: executor) }.start()
        }
    }

    /// Runs `body`, which may block, below a task that is cancelled and has a value.
    private func belowATask(_ body: @escaping @Sendable () throws -> Void) async throws {
        let task = Context.$request.withValue("private") {
            Task(executorPreference: OwnThread()) {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try body()
            }
        }
        try await task.value
    }

    enum Call: CaseIterable { case produceItem, produce, produceContents }

    /// The pool's one thread is busy and the consumer not there yet: only the caller could run what it waits for.
    @Test(arguments: Call.allCases)
    func aBlockedCallBelowATaskRunsNoItems(call: Call) async throws {
        let pool = try WorkerPool(threads: 1)
        let witness = Witness()
        for _ in 0..<20 {
            let (busy, held, asking) = (Gate(), Gate(), Gate())
            async let blocked: Void = pool.run {
                busy.open()
                held.wait()
            }
            await busy.opened()
            let configuration = ProducerConfiguration(window: 2)
            let items = try OrderedItemProducer<Int, Int>(pool: pool, configuration: configuration)
            let transform = try OrderedTransform<Int, Int, Int>(pool: pool, configuration: configuration) {
                witness.look()
                return $0
            }
            async let caller: Void = belowATask {
                if call == .produceContents {
                    asking.open()
                    #expect(try transform.produce(contentsOf: Array(0..<4)) == 4)
                    return
                }
                for value in 0..<4 {
                    if value == 2 { asking.open() }
                    switch call {
                    case .produceItem:
                        let sequence = try items.produceItem {
                            witness.look()
                            return value
                        }
                        #expect(sequence == UInt64(value))
                    default: #expect(try transform.produce(value) == UInt64(value))
                    }
                }
            }
            await asking.opened()
            for _ in 0..<20 { await Task.yield() }
            held.open()
            try await blocked
            try await items.start { $0.reduce(0, +) }
            try await transform.start { $0.reduce(0, +) }
            try await caller
            #expect(try await items.stop() == (call == .produceItem ? 6 : 0))
            #expect(try await transform.stop() == (call == .produceItem ? 0 : 6))
            #expect(items.statistics.helped + transform.statistics.helped == 0)
        }
        #expect(witness.all == [])
    }

    /// `Task.immediate` runs the beginning of a task on the thread that makes it, also on one of the pool.
    @Test func aThreadOfThePoolDoesNotHelpBelowATask() async throws {
        let pool = try WorkerPool(threads: 1)
        let witness = Witness()
        let inner = try OrderedItemProducer<Int, Int>(pool: pool, configuration: .init(window: 1))
        _ = try await inner.produceItem {
            witness.look()
            return 1
        }
        try await pool.run {
            Context.$request.withValue("private") {
                _ = Task.immediate {
                    let refuses = {
                        #expect(throws: ProducerError.wouldDeadlock) {
                            try inner.produceItem {
                                witness.look()
                                return 2
                            }
                        }
                        #expect(throws: ProducerError.wouldDeadlock) { try inner.stop() }
                    }
                    refuses()
                }
            }
        }
        // Nothing has changed.
        try await inner.start { $0.reduce(0, +) }
        #expect(try await inner.stop() == 1)
        #expect(witness.all == [])
    }

    /// The consumer function's thread is made for it, and outside of any task, unless the function itself begins one.
    @Test(arguments: [WaitStrategy.adaptive, .park, .spin])
    func aConsumerBelowATaskRunsNoItems(wait: WaitStrategy) async throws {
        let pool = try WorkerPool(threads: 1)
        let witness = Witness()
        let producer = try OrderedItemProducer<Int, Int>(
            pool: pool, configuration: ProducerConfiguration(window: 8, wait: wait))
        try await producer.start { items in
            nonisolated(unsafe) let items = items
            let sum = Locked(0)
            Context.$request.withValue("private") {
                _ = Task.immediate {
                    let total = unsafe items.reduce(0, +)
                    sum.withLock { $0 = total }
                }
            }
            return sum.withLock { $0 }
        }
        for value in 0..<500 {
            _ = try await producer.produceItem {
                witness.look()
                return value
            }
            // Now and then the consumer has nothing to do, and is woken for one item.
            if value.isMultiple(of: 50) {
                while producer.statistics.outstanding > 0 { await Task.yield() }
            }
        }
        #expect(try await producer.stop() == 124_750)
        #expect(producer.statistics.assisted == 0)
        #expect(witness.all == [])
    }
}
