// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// A way to make items side by side and receive them in order.
protocol Subject: Sendable {
    var name: String { get }
    /// One line for the report's legend.
    var summary: String { get }
    /// The scenarios in which it has something to show.
    var kinds: Set<Scenario.Kind> { get }
    /// Measures one pass of `job` after one that is not measured, and checks what arrived.
    func measure(_ job: Job, expected: UInt64) async throws -> Outcome
}

/// A subject written in Swift: a pool or the like that outlives passes, and the pass.
protocol SwiftSubject: Subject {
    associatedtype State: Sendable
    func open(_ job: Job) throws -> State
    /// Requests and receives the job's items once; the library's counters where it has any.
    func pass(_ state: State, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics?
    func close(_ state: State) async
}

extension SwiftSubject {
    var kinds: Set<Scenario.Kind> { [.trivial, .work, .paced] }

    func measure(_ job: Job, expected: UInt64) async throws -> Outcome {
        let state = try open(job)
        let warmUp = job.warmUp
        _ = try await measuredPass(state, warmUp, expected: bench_expected_checksum(warmUp.items, warmUp.steps))
        let outcome = try await measuredPass(state, job, expected: expected)
        await close(state)
        return outcome
    }

    private func measuredPass(_ state: State, _ job: Job, expected: UInt64) async throws -> Outcome {
        let receiver = Receiver(job)
        let statistics = try await pass(state, job, receiver)
        var outcome = receiver.outcome()
        if let statistics { outcome.note(statistics) }
        try outcome.verify(job, expected: expected)
        return outcome
    }
}

/// Every subject, in the order of the report. A further one needs its file and a line here.
let allSubjects: [any Subject] = [
    CSubject("serial", in: [.trivial, .work], "one thread makes the items and receives them"),
    CSubject(
        "spsc-spinning", in: [.trivial], "a ring between two pinned threads that spin; the requester makes the items"),
    CSubject("spsc-parked", in: [.paced], "the same ring, its receiver asleep on a futex while the ring is empty"),
    CSubject("c-thread", in: [.trivial, .work, .paced], "C API, consumer thread"),
    CSubject("c-sink", in: [.trivial, .work, .paced], "C API, inline sink"),
    CSubject("c-many", in: [.trivial, .work], "C API, 64 items published at once, consumer thread"),
    CSubject("c-many-sink", in: [.trivial, .work], "C API, 64 items published at once, inline sink"),
    TransformSubject(),
    ClosureSubject(),
    AsyncClosureSubject(),
    AsyncItemsSubject(),
    TaskGroupSubject(),
]
