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
    func measure(_ job: Job, expected: UInt64) async throws -> Outcome {
        guard job.callers == nil, job.producers == nil, !job.drain else { throw BenchError.notFor(name) }
        let state = try open(job)
        let warmUp = job.warmUp
        if warmUp.items > 0 {
            _ = try await measuredPass(state, warmUp, expected: warmUp.expectedChecksum())
        }
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

extension Job {
    /// What the results must fold to; made by a serial loop.
    func expectedChecksum() -> UInt64 {
        var cJob = unsafe forC(latencies: nil)
        return unsafe bench_expected_checksum_of(&cJob)
    }
}
