// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// `OrderedTransform`: one blocking caller.
struct TransformSubject: SwiftSubject {
    let consumer: Consumer
    var name: String { "transform-\(consumer.rawValue)" }
    var summary: String { "OrderedTransform, blocking produce, \(consumer.summary)" }
    var kinds: Set<Scenario.Kind> { .usual }

    func open(_ job: Job) throws -> WorkerPool { try WorkerPool(threads: job.workers) }

    func pass(_ pool: WorkerPool, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        let transform = try OrderedTransform<UInt64, UInt64, Void>(
            pool: pool, configuration: .init(window: job.window), transform: { bench_work($0, job.steps(of: $0)) })
        let end = try await consumer.attach(
            receiver, thread: { try await transform.start($0) }, sink: { try transform.start(onItem: $0) },
            items: transform.items)
        try await onThread {
            receiver.begin()
            for index in 0..<job.items {
                receiver.pace(index)
                guard try transform.produce(index) != nil else { break }
            }
        }
        try await transform.stop()
        try await end()
        return transform.statistics
    }

    func close(_ pool: WorkerPool) async { await pool.shutdown() }
}
