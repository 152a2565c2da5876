// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer
internal import Synchronization

/// What one writes with the language alone: a task group as wide as the window, whose results wait in a ring until
/// their turn. The group's owner requests and receives, as only it may add to the group. The width is the system's: as
/// many threads as processors.
struct TaskGroupSubject: SwiftSubject {
    let name = "taskgroup"
    let summary = "TaskGroup bounded by the window, results put in order by the group's owner"

    let kinds: Set<Scenario.Kind> = [.trivial, .work, .uneven, .window, .paced]

    func open(_ job: Job) throws {}

    func pass(_ state: Void, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        if job.rate == nil {
            await closedLoop(job, receiver)
        } else {
            try await paced(job, receiver)
        }
        return nil
    }

    private func closedLoop(_ job: Job, _ receiver: Receiver) async {
        let window = UInt64(job.window)
        receiver.begin()
        await withTaskGroup(of: (index: UInt64, result: UInt64).self) { group in
            var waiting = [UInt64?](repeating: nil, count: job.window)
            var requested: UInt64 = 0
            var head: UInt64 = 0
            func request() {
                let index = requested
                requested += 1
                let steps = job.steps(of: index)
                group.addTask { (index, bench_work(index, steps)) }
            }
            while requested < min(window, job.items) { request() }
            while let finished = await group.next() {
                waiting[Int(finished.index % window)] = finished.result
                while head < requested, let result = waiting[Int(head % window)] {
                    waiting[Int(head % window)] = nil
                    head += 1
                    receiver.receive(result)
                    if requested < job.items { request() }
                }
            }
        }
    }

    /// The owner cannot wait for the clock and for results at once: requests come from a thread through a stream, and
    /// the child that finishes the head passes on the run behind it.
    private func paced(_ job: Job, _ receiver: Receiver) async throws {
        let order = ReorderBuffer()
        let (requests, send) = AsyncStream<UInt64>.makeStream()
        let (results, deliver) = AsyncStream<UInt64>.makeStream()
        async let consumer: Void = {
            for await result in results { receiver.receive(result) }
        }()
        async let requester: Void = onThread {
            receiver.begin()
            for index in 0..<job.items {
                receiver.pace(index)
                send.yield(index)
            }
            send.finish()
        }
        await withDiscardingTaskGroup { group in
            for await index in requests {
                let steps = job.steps(of: index)
                group.addTask { order.insert(bench_work(index, steps), at: index) { deliver.yield($0) } }
            }
        }
        deliver.finish()
        try await requester
        await consumer
    }

    func close(_ state: Void) async {}
}

/// Results that wait for an earlier one.
private final class ReorderBuffer: Sendable {
    private struct State {
        var waiting: [UInt64: UInt64] = [:]
        var head: UInt64 = 0
    }
    private let state = Mutex(State())

    func insert(_ result: UInt64, at index: UInt64, deliver: (UInt64) -> Void) {
        state.withLock { state in
            guard index == state.head else {
                state.waiting[index] = result
                return
            }
            deliver(result)
            state.head += 1
            while let next = state.waiting.removeValue(forKey: state.head) {
                deliver(next)
                state.head += 1
            }
        }
    }
}
