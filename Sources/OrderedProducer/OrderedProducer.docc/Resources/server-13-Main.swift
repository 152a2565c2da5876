// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import OrderedProducer
import OrderedProducerServices
import ServiceLifecycle

@main
struct ReportServer {
    static func main() async throws {
        let logger = Logger(label: "report-server")
        let pool = try WorkerPool(.init(threads: 8, name: "report"))
        let report = Report(directory: URL(filePath: "."), pool: pool)
        let group = ServiceGroup(
            services: [
                WorkerPoolService(pool, gracePeriod: .seconds(30)),
                HTTPServer(report: report, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }
}
