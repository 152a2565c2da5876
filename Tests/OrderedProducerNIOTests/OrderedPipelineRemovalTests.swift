// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// A handler that is to be removed while its connection ends. Who closes it then: always the handler.
    @Suite(.endsWithin(minutes: 2)) struct OrderedPipelineRemovalTests {
        enum End: String, CaseIterable, Sendable {
            case inputClosed, quiescing, error

            func come(to connection: TestConnection) async throws {
                switch self {
                case .inputClosed: try await connection.event(ChannelEvent.inputClosed)
                case .quiescing: try await connection.event(ChannelShouldQuiesceEvent())
                case .error:
                    try await connection.onLoop { [channel = connection.channel] in
                        channel.pipeline.fireErrorCaught(TestError(value: 1))
                    }
                }
            }
        }

        private func tasks(window: Int = 32) throws -> OrderedPipeline<Job, Int> {
            try OrderedPipeline(window: window) { (job: Job) in try await job.answerAsTask() }
        }

        /// What was received is answered, also what the window has no room for yet, and the connection closes.
        @Test(arguments: End.allCases, [false, true])
        func aFinishingConnectionClosesThoughItsHandlerIsRemoved(end: End, removalIsFirst: Bool) async throws {
            let connection = try await TestConnection(tasks(window: 2))
            let gate = Gate()
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2), Job(3)])
            if !removalIsFirst { try await end.come(to: connection) }
            let removed = try await connection.remove()
            if removalIsFirst { try await end.come(to: connection) }
            gate.open()
            try await removed.get()
            await connection.closed()
            #expect(connection.responses == Array(0..<4))
            #expect(!connection.log.entries.contains { if case .passed = $0 { true } else { false } })
            #expect(connection.log.entries.suffix(3) == [.flush, .close, .inactive])
        }

        @Test func anIdleHandlerLeavesAtOnce() async throws {
            let connection = try await TestConnection(tasks())
            let removed = try await connection.remove()
            try await removed.get()
            try await connection.receive([Job(0)])
            #expect(connection.log.entries == [.passed(0)])
            try await connection.channel.close()
        }

        /// A read that was owed is not passed on any more.
        @Test func aHandlerWhoseConnectionIsLostLeavesWithIt() async throws {
            let (connection, gate) = (try await TestConnection(tasks(window: 1)), Gate())
            try await connection.receive([Job(0, gate: gate)])
            try await connection.read()
            let removed = try await connection.remove()
            try await connection.channel.close()
            try await removed.get()
            gate.open()
            #expect(connection.log.entries == [.close, .inactive])
        }

        /// A channel that was never active does not become inactive.
        @Test func aHandlerThatHearsOfNoEndLeavesWithItsChannel() async throws {
            let (connection, ledger, gate) = (try await TestConnection(tasks(window: 1)), Ledger(), Gate())
            try await connection.add(Silence())
            try await connection.receive([Job(0, gate: gate), Job(1, token: Token(1, ledger))])
            let removed = try await connection.remove()
            try await connection.channel.close()
            try await removed.get()
            await ledger.drained()
            #expect(connection.log.entries == [.close])
            gate.open()
        }

        /// The last responses are on their way when the handler is asked to go.
        @Test func aClosingConnectionClosesThoughItsHandlerIsRemoved() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0)])
            await connection.log.until { $0.contains(.flush) }
            try await connection.event(ChannelEvent.inputClosed)
            let removed = try await connection.remove()
            #expect(!connection.log.entries.contains(.close))
            try await connection.setSocket(isFull: false)
            try await removed.get()
            await connection.closed()
        }

        /// Responses that the handler has written are its own affair until they are out, one that fails then too.
        @Test func aHandlerLeavesWhenItsResponsesAreOut() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0)])
            await connection.log.until { $0.contains(.flush) }
            let removed = try await connection.remove()
            let isRemoved = Gate()
            removed.whenComplete { _ in isRemoved.open() }
            try await connection.onLoop {}
            #expect(!isRemoved.isOpen)
            try await connection.refuse([0])
            await connection.closed()
            try await removed.get()
            #expect(connection.log.entries.contains(.error("\(TestError(value: 0))")))
        }

        /// Over sockets: the client keeps its connection half open, and gets to see the end of it.
        @Test func nothingStaysHalfClosed() async throws {
            let (begun, goOn) = (Gate(), Gate())
            let pipeline = try OrderedPipeline { (request: ByteBuffer) async in
                begun.open()
                await goOn.opened()
                return request
            }
            try await withLoop { loop in
                let channels = Log<any Channel>()
                let server = try await ServerBootstrap(group: loop)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(OrderedPipelineHandler(pipeline))
                            channels.add(channel)
                        }
                    }
                    .bind(host: "127.0.0.1", port: 0).get()
                let client = try await ClientBootstrap(group: loop).connect(to: #require(server.localAddress)).get()
                try await client.writeAndFlush(ByteBuffer(string: "?"))
                await begun.opened()
                let inputIsClosed = Gate()
                let connection = await channels.count(1)[0]
                try await loop.submit {
                    try connection.pipeline.syncOperations.addHandler(InputEnd(inputIsClosed))
                }.get()
                try await client.close(mode: .output)
                await inputIsClosed.opened()
                let removed = loop.submit {
                    let handlers = connection.pipeline.syncOperations
                    return handlers.removeHandler(
                        context: try handlers.context(handlerType: OrderedPipelineHandler.self))
                }
                let left = try await removed.get()
                goOn.open()
                try await left.get()
                try await connection.closeFuture.get()
                try await client.closeFuture.get()
                try await server.close()
            }
            pipeline.shutDown()
        }
    }

    private final class Silence: ChannelInboundHandler {
        typealias InboundIn = Job

        func channelInactive(context: ChannelHandlerContext) {}
    }
#endif
