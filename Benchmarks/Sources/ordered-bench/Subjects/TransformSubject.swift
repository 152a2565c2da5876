// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import OrderedProducer

/// `OrderedTransform`: one blocking caller, a consumer thread.
struct TransformSubject: SwiftSubject {
    let name = "transform"
    let summary = "OrderedTransform, blocking produce, consumer thread"

    func open(_ job: Job) throws -> WorkerPool { try WorkerPool(threads: job.workers) }

    func pass(_ pool: WorkerPool, _ job: Job, _ receiver: Receiver) async throws -> ProducerStatistics? {
        let steps = job.steps
        let transform = try OrderedTransform<UInt64, UInt64, Void>(
            pool: pool, configuration: .init(window: job.window), transform: { bench_work($0, steps) })
        try await transform.start { results in
            for result in results { receiver.receive(result) }
        }
        try await onThread {
            receiver.begin()
            for index in 0..<job.items {
                receiver.pace(index)
                guard try transform.produce(index) != nil else { break }
            }
        }
        try await transform.stop()
        return transform.statistics
    }

    func close(_ pool: WorkerPool) async { await pool.shutdown() }
}
