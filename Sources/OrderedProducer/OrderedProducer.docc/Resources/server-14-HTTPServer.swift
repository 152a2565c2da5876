// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OrderedProducer
import ServiceLifecycle

/// Answers each connection's first request with the report.
struct HTTPServer: Service {
    let report: Report
    let accessLog: OrderedItemProducer<String, Void>
    let logger: Logger

    func run() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 8080) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try Client(wrappingChannelSynchronously: channel)
                }
            }
        // Accepts nothing more after a graceful shutdown; ends when those accepted have been answered.
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { clients in
                    for try await client in clients { group.addTask { await serve(client) } }
                }
            }
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
        }
    }

    private func serve(_ client: Client) async {
        do {
            try await client.executeThenClose { inbound, outbound in
                for try await case .head(let head) in inbound {
                    let logged = try await accessLog.produceItem {
                        "\(Date().formatted(.iso8601)) \(head.method) \(head.uri)\n"
                    }
                    guard logged != nil else { return logger.error("the access log has ended") }
                    return try await respond(with: report, to: client, outbound)
                }
            }
        } catch {
            logger.info("response cut off", metadata: ["error": "\(error)"])
        }
    }
}
