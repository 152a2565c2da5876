// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// `produceItem` in its blocking form with a capturing closure, a consumer thread.
struct ClosureSubject: SwiftSubject {
    let name = "closure"
    let summary = "produceItem, blocking form, capturing closure, consumer thread"

    func open(_ job: Job) throws -> WorkerPool { try WorkerPool(threads: job.workers) }

    func pass(_ pool: WorkerPool, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        let producer = try OrderedItemProducer<UInt64, Void>(pool: pool, configuration: .init(window: job.window))
        try await producer.start { results in
            for result in results { receiver.receive(result) }
        }
        try await onThread {
            let steps = job.steps
            receiver.begin()
            for index in 0..<job.items {
                receiver.pace(index)
                guard try producer.produceItem({ bench_work(index, steps) }) != nil else { break }
            }
        }
        try await producer.stop()
        return producer.statistics
    }

    func close(_ pool: WorkerPool) async { await pool.shutdown() }
}
