// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOHTTP1
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// HTTP/1.1 over sockets: the aggregator before the handler, parts behind it.
    @Suite(.endsWithin(minutes: 5)) struct OrderedPipelineHTTPTests {
        struct Reply: Sendable {
            var body: String
            var keepsAlive = true
        }

        static func pipeline(_ pool: WorkerPool) throws -> OrderedPipeline<NIOHTTPServerRequestFull, Reply> {
            try OrderedPipeline(
                pool: pool, window: 8,
                write: { reply, connection in
                    var head = HTTPResponseHead(version: .http1_1, status: .ok)
                    head.headers.add(name: "content-length", value: "\(reply.body.utf8.count)")
                    if !reply.keepsAlive { head.headers.add(name: "connection", value: "close") }
                    let body = connection.allocator.buffer(string: reply.body)
                    connection.write(HTTPServerResponsePart.head(head))
                    connection.write(HTTPServerResponsePart.body(.byteBuffer(body)))
                    connection.write(HTTPServerResponsePart.end(nil))
                    if !reply.keepsAlive { connection.close() }
                },
                respond: { request in
                    let number = Int(request.head.uri.dropFirst()) ?? 0
                    _ = (0..<number % 13 * 500).reduce(0, ^)
                    return Reply(body: "<\(request.head.uri)>", keepsAlive: request.head.isKeepAlive)
                })
        }

        /// A server for the time of `body`, which gets its address. Everything is shut down behind it, the pool last.
        static func withServer(_ body: (SocketAddress, any EventLoopGroup) async throws -> Void) async throws {
            let pool = try WorkerPool(threads: 3)
            let pipeline = try pipeline(pool)
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let server = try await ServerBootstrap(group: group)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handlers = channel.pipeline.syncOperations
                        try handlers.configureHTTPServerPipeline(
                            withPipeliningAssistance: false, withErrorHandling: false)
                        try handlers.addHandler(OrderedPipelineHTTPAggregator(maxContentLength: 1 << 16))
                        try handlers.addHandler(OrderedPipelineHandler(pipeline))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            try await body(#require(server.localAddress), group)
            try await server.close()
            pipeline.shutDown()
            try await group.shutdownGracefully()
            await pool.shutdown()
        }

        /// All bytes that a client got until the server closed.
        static func exchange(
            _ requests: String, with server: SocketAddress, on group: any EventLoopGroup, halfCloses: Bool
        ) async throws -> String {
            let received = group.next().makePromise(of: String.self)
            let client = try await ClientBootstrap(group: group)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collector(received))
                    }
                }
                .connect(to: server).get()
            try await client.writeAndFlush(ByteBuffer(string: requests))
            if halfCloses { try await client.close(mode: .output) }
            return try await received.futureResult.get()
        }

        static func bodies(_ text: String) -> [String] {
            text.split(separator: "<").dropFirst().map { String($0.prefix { $0 != ">" }) }
        }

        @Test(arguments: [false, true]) func pipelinedRequestsAreAnsweredInOrder(halfCloses: Bool) async throws {
            try await Self.withServer { server, group in
                try await withThrowingTaskGroup { clients in
                    for client in 0..<8 {
                        clients.addTask {
                            let count = 100 + client * 17
                            var text = (0..<count).map { "GET /\($0) HTTP/1.1\r\nhost: a\r\n\r\n" }.joined()
                            // Without it the end of the input is what closes the connection.
                            if !halfCloses { text += "GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" }
                            let answer = try await Self.exchange(
                                text, with: server, on: group, halfCloses: halfCloses)
                            #expect(
                                Self.bodies(answer) == (0..<count).map { "/\($0)" } + (halfCloses ? [] : ["/last"]))
                        }
                    }
                    try await clients.waitForAll()
                }
            }
        }

        @Test func clientsThatVanishLeaveTheServerWorking() async throws {
            try await Self.withServer { server, group in
                for _ in 0..<50 {
                    let client = try await ClientBootstrap(group: group).connect(to: server).get()
                    let text = (0..<50).map { "GET /\($0) HTTP/1.1\r\nhost: a\r\n\r\n" }.joined()
                    try await client.writeAndFlush(ByteBuffer(string: text))
                    try await client.close()
                }
                let answer = try await Self.exchange(
                    "GET /1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", with: server, on: group,
                    halfCloses: false)
                #expect(Self.bodies(answer) == ["/1"])
            }
        }

        /// Connections are open and requests outstanding when the loops go.
        @Test func theLoopsMayGoFirst() async throws {
            let (pool, ledger) = (try WorkerPool(threads: 1), Ledger())
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let (gate, begun) = (Gate(), Gate())
            let pipeline = try OrderedPipeline(pool: pool) { (_: ByteBuffer) in
                let token = Token(0, ledger)
                begun.open()
                gate.wait()
                return ByteBuffer(integer: token.value)
            }
            let server = try await ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(OrderedPipelineHandler(pipeline))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let client = try await ClientBootstrap(group: group).connect(to: #require(server.localAddress)).get()
            try await client.writeAndFlush(ByteBuffer(string: "hello"))
            await begun.opened()
            try await group.shutdownGracefully()
            gate.open()
            pipeline.shutDown()
            await ledger.drained()
            await pool.shutdown()
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var text = ""
        private let done: EventLoopPromise<String>

        init(_ done: EventLoopPromise<String>) { self.done = done }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) { done.succeed(text) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { done.fail(error) }
    }
#endif
