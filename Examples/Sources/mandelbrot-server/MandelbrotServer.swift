// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

#if Server
    import Glibc
    import Logging
    import NIOCore
    import OrderedProducer
    import ServiceLifecycle

    /// The command line.
    @main
    struct MandelbrotServer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mandelbrot-server",
            abstract: "Serves the Mandelbrot set as PNG images, and a page to look at it.",
            discussion: """
                Rows are computed side by side and sent while further ones are computed. Besides the page at / and the \
                images at /mandelbrot.png there are /metrics for Prometheus and /healthz. Logs are JSON lines on standard \
                error.

                SIGTERM and SIGINT end it: nothing more is accepted, images on their way are finished within the grace \
                period, those that are not are cut off. The exit status is 0 then, 1 where it cannot serve, 64 for a mistake \
                on the command line.
                """
        )

        @Option(help: "The address to listen on; 0.0.0.0 or :: for all.")
        var host = "127.0.0.1"

        @Option(help: "The port to listen on; 0 for one that is free, which the log names.")
        var port = 8080

        @Option(help: "How many rows to compute at once.")
        var threads = WorkerPool.Configuration().threads

        @Option(help: "How many images may be on their way at once; further ones are answered 503.")
        var images = Limits().images

        @Option(help: "How many seconds images may take to finish after SIGTERM.")
        var grace = 10

        func validate() throws {
            func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
                guard range.contains(value) else {
                    throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound).")
                }
            }
            try check("port", port, 0...65535)
            try check("threads", threads, 1...4000)
            try check("images", images, 1...30_000)
            try check("grace", grace, 0...86_400)
        }

        func run() async throws {
            // A client that goes while it is written to must not end the server, nor must whoever reads the log.
            _ = signal(SIGPIPE, SIG_IGN)
            LoggingSystem.bootstrap { label in JSONLines(label: label) }
            let logger = Logger(label: "mandelbrot-server")
            OpenFiles.raiseLimit()
            do {
                try await serve(logger)
            } catch {
                logger.critical("cannot serve", metadata: ["address": "\(host):\(port)", "error": "\(error)"])
                throw ExitCode.failure
            }
            logger.info("stopped")
        }

        private func serve(_ logger: Logger) async throws {
            var limits = Limits()
            limits.images = images
            let service = try MandelbrotService(
                host: host, port: port, threads: threads, limits: limits,
                registry: PrometheusRegistry(help: ServerMetrics.help), logger: logger,
                listening: { [host] port in
                    logger.info("listening", metadata: ["host": "\(host)", "port": .stringConvertible(port)])
                })
            var configuration = ServiceGroupConfiguration(
                services: [.init(service: service)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            configuration.maximumGracefulShutdownDuration = .seconds(grace)
            do {
                try await ServiceGroup(configuration: configuration).run()
            } catch is CancellationError {
                // The grace period was over, and what was left was cut off: that is how it is meant to end.
            }
        }
    }
#else
    @main
    struct MandelbrotServer: ParsableCommand {
        func run() throws {
            throw ValidationError(
                "This was built without Hummingbird. 'make serve' builds it with: swift run --traits Server.")
        }
    }
#endif
