// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird
    import Logging
    import NIOCore
    import OrderedProducerServices
    import ServiceLifecycle

    /// The server as a whole: everything that a request needs, put together once.
    struct MandelbrotService: Service {
        private let application: Application<RouterResponder<ServerContext>>

        /// - Parameters:
        ///   - listening: Called with the port once clients can connect.
        ///   - row: Computes a row; tests give their own.
        init(
            host: String, port: Int, threads: Int, limits: Limits, registry: PrometheusRegistry, logger: Logger,
            listening: @escaping @Sendable (Int) -> Void = { _ in },
            row: @escaping Pools.Row = { image, y in image.row(y) }
        ) throws {
            let pools = try Pools(threads: threads)
            let metrics = ServerMetrics(registry)
            let images = ImageHandler(limits: limits, pools: pools, metrics: metrics, row: row)
            application = Application(
                router: Routes.router(images: images, registry: registry, metrics: metrics),
                server: .http1(
                    configuration: .init(
                        additionalChannelHandlers: [DepartureHandler()], idleTimeout: limits.idle,
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 32 * 1024, maxHeaderFieldCount: 100))),
                configuration: .init(
                    address: .hostname(host, port: port),
                    // Whoever connects while the backlog is full is dropped by the system, some only after they have
                    // asked.
                    backlog: limits.connections,
                    availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
                // Shut down behind the server: the last images still compute while it waits for them.
                services: [WorkerPoolService(pools.rows), WorkerPoolService(pools.handOver)],
                onServerRunning: { channel in
                    listening(channel.localAddress?.port ?? port)
                },
                logger: logger)
        }

        /// Serves until it is told to shut down: accepts nothing more then, and returns when the images on their way
        /// are sent, or the task is cancelled. No thread computes for it any more then.
        func run() async throws { try await application.run() }
    }
#endif
