// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOHTTP1
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO

    /// An HTTP/1.1 server on one loop that answers each request by its path, after so much work.
    struct HTTPServer {
        enum Kind: String, CaseIterable, Sendable {
            /// A handler that answers on the loop, one request after the other.
            case onLoop = "NIO, on the loop"
            case ordered = "OrderedPipelineHandler"
        }

        struct Reply: Sendable {
            var uri: String
            var keepsAlive: Bool
        }

        let address: SocketAddress
        private let channel: any Channel
        private let pipeline: OrderedPipeline<NIOHTTPServerRequestFull, Reply>

        init(_ kind: Kind, on loop: any EventLoop, pool: WorkerPool, window: Int, work: UInt64) async throws {
            let pipeline = try OrderedPipeline<NIOHTTPServerRequestFull, Reply>(
                pool: pool, window: window,
                write: { reply, connection in
                    Self.write(reply, allocator: connection.allocator) { connection.write($0) }
                    if !reply.keepsAlive { connection.close() }
                },
                respond: { Self.answer($0, work) })
            let bootstrap = ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 1024)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handlers = channel.pipeline.syncOperations
                        try handlers.configureHTTPServerPipeline(
                            withPipeliningAssistance: false, withErrorHandling: false)
                        try handlers.addHandler(NIOHTTPServerRequestAggregator(maxContentLength: 1 << 16))
                        switch kind {
                        case .onLoop: try handlers.addHandler(OnLoop(work))
                        case .ordered: try handlers.addHandler(OrderedPipelineHandler(pipeline))
                        }
                    }
                }
            channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
            self.address = address
            self.pipeline = pipeline
        }

        func close() async throws {
            try await channel.close()
            pipeline.shutDown()
        }

        private static func answer(_ request: NIOHTTPServerRequestFull, _ work: UInt64) -> Reply {
            Clock.work(work)
            return Reply(uri: request.head.uri, keepsAlive: request.head.isKeepAlive)
        }

        private static func write(
            _ reply: Reply, allocator: ByteBufferAllocator, to next: (HTTPServerResponsePart) -> Void
        ) {
            var head = HTTPResponseHead(version: .http1_1, status: .ok)
            head.headers.add(name: "content-length", value: "\(reply.uri.utf8.count)")
            next(.head(head))
            next(.body(.byteBuffer(allocator.buffer(string: reply.uri))))
            next(.end(nil))
        }

        /// What one would write without the library, for requests that cost nothing.
        private final class OnLoop: ChannelInboundHandler {
            typealias InboundIn = NIOHTTPServerRequestFull
            typealias OutboundOut = HTTPServerResponsePart

            private let work: UInt64

            init(_ work: UInt64) { self.work = work }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                let reply = HTTPServer.answer(unwrapInboundIn(data), work)
                HTTPServer.write(reply, allocator: context.channel.allocator) {
                    context.write(wrapOutboundOut($0), promise: nil)
                }
            }

            func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

            func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
                if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
            }
        }
    }
#endif
