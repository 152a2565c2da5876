// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// `produceItem` in its async form with a capturing closure that does not suspend. Not paced: a task has no way to
/// sleep as exactly as a thread.
struct AsyncClosureSubject: SwiftSubject {
    let consumer: Consumer
    var name: String { "async-\(consumer.rawValue)" }
    var summary: String { "produceItem, async form, capturing closure, \(consumer.summary)" }
    var kinds: Set<Scenario.Kind> { .unpaced }

    func open(_ job: Job) throws -> WorkerPool { try WorkerPool(threads: job.workers) }

    func pass(_ pool: WorkerPool, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        guard job.rate == nil else { throw BenchError.notFor(name) }
        let producer = try OrderedItemProducer<UInt64, Void>(pool: pool, configuration: .init(window: job.window))
        let end = try await consumer.attach(
            receiver, thread: { try await producer.start($0) }, sink: { try producer.start(onItem: $0) },
            items: producer.items)
        receiver.begin()
        for index in 0..<job.items {
            let steps = job.steps(of: index)
            guard try await producer.produceItem({ bench_work(index, steps) }) != nil else { break }
        }
        try await producer.stop()
        try await end()
        return producer.statistics
    }

    func close(_ pool: WorkerPool) async { await pool.shutdown() }
}
