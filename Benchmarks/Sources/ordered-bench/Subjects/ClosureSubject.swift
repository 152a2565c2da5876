// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// `produceItem` in its blocking form with a capturing closure.
struct ClosureSubject: SwiftSubject {
    let consumer: Consumer
    var name: String { "closure-\(consumer.rawValue)" }
    var summary: String { "produceItem, blocking form, capturing closure, \(consumer.summary)" }
    var kinds: Set<Scenario.Kind> { .usual }

    func open(_ job: Job) throws -> WorkerPool { try WorkerPool(threads: job.workers) }

    func pass(_ pool: WorkerPool, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        let producer = try OrderedItemProducer<UInt64, Void>(pool: pool, configuration: .init(window: job.window))
        let end = try await consumer.attach(
            receiver, thread: { try await producer.start($0) }, sink: { try producer.start(onItem: $0) },
            items: producer.items)
        try await onThread {
            receiver.begin()
            for index in 0..<job.items {
                receiver.pace(index)
                let steps = job.steps(of: index)
                guard try producer.produceItem({ bench_work(index, steps) }) != nil else { break }
            }
        }
        try await producer.stop()
        try await end()
        return producer.statistics
    }

    func close(_ pool: WorkerPool) async { await pool.shutdown() }
}
