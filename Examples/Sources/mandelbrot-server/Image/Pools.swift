// SPDX-License-Identifier: Apache-2.0
#if Server
    import OrderedProducer

    /// The threads that all images share.
    struct Pools: Sendable {
        /// Computes a row.
        typealias Row = @Sendable (Mandelbrot, Int) -> [UInt8]

        /// Computes rows; its run queue gives each image its turn.
        let rows: WorkerPool
        /// Passes pieces of files on.
        let handOver: WorkerPool

        /// - Parameter threads: How many rows are computed at once.
        init(threads: Int) throws {
            var configuration = WorkerPool.Configuration()
            configuration.threads = threads
            configuration.name = "row"
            rows = try WorkerPool(configuration)
            configuration.threads = 1
            configuration.name = "hand-over"
            handOver = try WorkerPool(configuration)
        }
    }
#endif
