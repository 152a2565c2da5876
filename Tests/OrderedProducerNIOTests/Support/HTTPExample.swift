// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOHTTP1
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO

    /// The HTTP server that README.md and the article Pipelines show, word for word, between the two marks. Its address
    /// goes to `body`.
    func withExampleServer(
        on group: any EventLoopGroup, content make: @escaping @Sendable (NIOHTTPServerRequestFull) throws -> ByteBuffer,
        _ body: (SocketAddress) async throws -> Void
    ) async throws {
        @Sendable func content(of request: NIOHTTPServerRequestFull) throws -> ByteBuffer { try make(request) }

        // <example>
        struct Reply: Sendable { var head: HTTPResponseHead, body: ByteBuffer }

        let pipeline = try OrderedPipeline(
            window: 64,  // of each connection; while it is full nothing is read
            write: { (reply: Reply, connection) in  // on the loop, in the order of the requests
                connection.write(HTTPServerResponsePart.head(reply.head))
                connection.write(HTTPServerResponsePart.body(.byteBuffer(reply.body)))
                connection.write(HTTPServerResponsePart.end(nil))
                if !reply.head.isKeepAlive { connection.close() }
            },
            respond: { (request: NIOHTTPServerRequestFull) in  // on the pool; may block, or be async
                let body = try content(of: request)
                var head = HTTPResponseHead(version: request.head.version, status: .ok)
                head.headers.add(name: "content-length", value: "\(body.readableBytes)")
                if !request.head.isKeepAlive { head.headers.add(name: "connection", value: "close") }
                return Reply(head: head, body: body)
            })
        let server = ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers = channel.pipeline.syncOperations
                    try handlers.configureHTTPServerPipeline(
                        withPipeliningAssistance: false, withErrorHandling: false)
                    try handlers.addHandler(OrderedPipelineHTTPAggregator(maxContentLength: 1 << 20))
                    try handlers.addHandler(OrderedPipelineHandler(pipeline))
                }
            }
        // </example>

        let listening = try await server.bind(host: "127.0.0.1", port: 0).get()
        try await body(listening.localAddress!)
        try await listening.close()
        pipeline.shutDown()
    }
#endif
