// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// `produceItem` in its async form with a capturing closure that does not suspend, a consumer thread. Not paced: a task
/// has no way to sleep as exactly as a thread.
struct AsyncClosureSubject: SwiftSubject {
    let name = "closure-async"
    let summary = "produceItem, async form, capturing closure, consumer thread"
    let kinds: Set<Scenario.Kind> = [.trivial, .work]

    func open(_ job: Job) throws -> WorkerPool { try WorkerPool(threads: job.workers) }

    func pass(_ pool: WorkerPool, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        let producer = try OrderedItemProducer<UInt64, Void>(pool: pool, configuration: .init(window: job.window))
        try await producer.start { results in
            for result in results { receiver.receive(result) }
        }
        let steps = job.steps
        receiver.begin()
        for index in 0..<job.items {
            guard try await producer.produceItem({ bench_work(index, steps) }) != nil else { break }
        }
        try await producer.stop()
        return producer.statistics
    }

    func close(_ pool: WorkerPool) async { await pool.shutdown() }
}
