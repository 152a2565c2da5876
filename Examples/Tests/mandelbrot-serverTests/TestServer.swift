// SPDX-License-Identifier: Apache-2.0
#if Server
    import Logging
    import OrderedProducer
    import ServiceLifecycle
    import Synchronization

    @testable import mandelbrot_server

    /// A server in this process, with real sockets.
    struct TestServer: Sendable {
        let port: Int
        let registry: PrometheusRegistry
        private let clients: WorkerPool
        private let group: ServiceGroup

        /// Starts a server for `body`, and shuts it down gracefully behind it.
        ///
        /// - Parameter clients: How many clients may block at once.
        static func with(
            limits: Limits = .init(), threads: Int = 2, clients: Int = 4, grace: Duration? = nil,
            row: @escaping Pools.Row = { image, y in image.row(y) }, body: (TestServer) async throws -> Void
        ) async throws {
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let registry = PrometheusRegistry(help: ServerMetrics.help)
            var logger = Logger(label: "test") { JSONLines(label: $0) { _ in } }
            logger.logLevel = .critical
            let service = try MandelbrotService(
                host: "127.0.0.1", port: 0, threads: threads, limits: limits, registry: registry, logger: logger,
                listening: {
                    port.yield($0)
                    port.finish()
                }, row: row)
            var configuration = ServiceGroupConfiguration(services: [.init(service: service)], logger: logger)
            configuration.maximumGracefulShutdownDuration = grace
            let group = ServiceGroup(configuration: configuration)
            async let ended: Void = group.run()
            guard let number = await ports.first(where: { _ in true }) else { return try await ended }
            let server = try TestServer(
                port: number, registry: registry, clients: WorkerPool(threads: clients), group: group)
            do {
                try await body(server)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await ended
            await server.clients.shutdown()
        }

        func shutDown() async { await group.triggerGracefulShutdown() }

        /// Runs a client in a thread of its own, where it may block.
        func client<Result: Sendable>(_ body: @escaping @Sendable (Client) throws -> Result) async throws -> Result {
            try await clients.run { [port] in try body(Client(port: port)) }
        }

        /// Runs something else that blocks.
        func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
            try await clients.run(body)
        }

        func get(_ path: String, method: String = "GET") async throws -> Client.Answer {
            try await client { try $0.get(path, method: method) }
        }

        /// The value of a metric's sample, as it is written before the value.
        func metric(_ sample: String) -> Double? {
            registry.text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
                .flatMap { Double($0.dropFirst(sample.count + 1)) }
        }

        /// Waits until a metric has a value that `isWanted`.
        func wait(for sample: String, _ isWanted: (Double) -> Bool) async throws {
            while !(metric(sample).map(isWanted) ?? false) {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    extension Mandelbrot {
        /// Computed here and now, row after row.
        var pixels: [UInt8] { (0..<height).flatMap(row) }

        var path: String {
            "/mandelbrot.png?width=\(width)&re=\(re)&im=\(im)&span=\(span)&iterations=\(iterations)"
        }

        static let small = Mandelbrot(width: 90, re: -0.5, im: 0, span: 3.5, iterations: 100)
    }
#endif
