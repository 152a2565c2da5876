// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import OrderedProducer
import OrderedProducerObservability
import OrderedProducerServices
import ServiceLifecycle

@main
struct ReportServer {
    static func main() async throws {
        let logger = Logger(label: "report-server")
        let pool = try WorkerPool(.init(threads: 8, name: "report"))
        let metrics = ProducerMetrics(name: "report", pool: "report")
        let report = Report(directory: URL(filePath: "."), pool: pool, metrics: metrics)
        let accessLog = try OrderedItemProducer<String, Void>(pool: pool)
        try await accessLog.start { lines in
            for line in lines { try FileHandle.standardOutput.write(contentsOf: Data(line.utf8)) }
        }
        let group = ServiceGroup(
            services: [
                WorkerPoolService(pool, gracePeriod: .seconds(30)),
                MetricsService(metrics: metrics),
                ProducerService(accessLog, gracePeriod: .seconds(5)),
                HTTPServer(report: report, accessLog: accessLog, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }
}

struct MetricsService: Service {
    let metrics: ProducerMetrics

    func run() async throws {
        await cancelWhenGracefulShutdown { await metrics.run(every: .seconds(10)) }
    }
}
