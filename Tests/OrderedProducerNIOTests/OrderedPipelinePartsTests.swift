// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// Responses of several parts, and what may happen between them.
    @Suite(.endsWithin(minutes: 5)) struct OrderedPipelinePartsTests {
        /// Its second part fills the channel's buffer, which the handler is told of while the response is being
        /// written.
        @Test func aLongLastResponseIsWhole() async throws {
            let inputIsClosed = Gate()
            let pipeline = try OrderedPipeline(
                write: { (length: Int, connection: ResponseWriter) in
                    connection.write(connection.allocator.buffer(string: "head"))
                    connection.write(connection.allocator.buffer(repeating: UInt8(ascii: "."), count: length))
                    connection.write(connection.allocator.buffer(string: "tail"))
                    connection.write(connection.allocator.buffer(string: "end"))
                },
                respond: { (_: ByteBuffer) in
                    await inputIsClosed.opened()
                    return 100_000
                })
            try await withLoop { loop in
                let server = try await ServerBootstrap(group: loop)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandlers(
                                OrderedPipelineHandler(pipeline), InputEnd(inputIsClosed))
                        }
                    }
                    .bind(host: "127.0.0.1", port: 0).get()
                let (received, isClosed) = (Guarded(""), Gate())
                let client = try await ClientBootstrap(group: loop)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Client(received, isClosed))
                        }
                    }
                    .connect(to: #require(server.localAddress)).get()
                try await client.writeAndFlush(ByteBuffer(string: "?"))
                try await client.close(mode: .output)
                await isClosed.opened()
                let isWhole = received.with { $0 == "head" + String(repeating: ".", count: 100_000) + "tailend" }
                #expect(isWhole)
                try await server.close()
            }
            pipeline.shutDown()
        }

        @Test(arguments: [false, true])
        func aHandlerLeavesBehindItsLastResponse(isFollowedByAFailure: Bool) async throws {
            let pipeline = try OrderedPipeline(
                write: { (response: Int, connection: ResponseWriter) in
                    for part in 0..<4 { connection.write(response * 10 + part) }
                },
                respond: { (job: Job) in try await job.answerAsTask() })
            let (connection, gate) = (try await TestConnection(pipeline), Gate())
            try await connection.receive(
                [Job(0, gate: gate)] + (isFollowedByAFailure ? [Job(1, fails: true)] : []))
            let removed = try await connection.onLoop { [channel = connection.channel] in
                let handlers = channel.pipeline.syncOperations
                let context = try handlers.context(handlerType: OrderedPipelineHandler.self)
                try handlers.addHandler(WritabilityChanger(), position: .before(context.handler))
                return handlers.removeHandler(context: context)
            }
            gate.open()
            if isFollowedByAFailure { await connection.closed() } else { try await removed.get() }
            #expect(connection.responses == [0, 1, 2, 3])
            #expect(connection.log.entries.count { $0 == .flush } == 1)
            #expect(
                connection.log.entries.contains(.error("\(TestError(value: 1))")) == isFollowedByAFailure)
            if !isFollowedByAFailure { try await connection.channel.close() }
        }

        /// An earlier batch gets out between a response that is the last and the task in which it is flushed.
        @Test func theLastResponseIsOutBeforeTheConnectionCloses() async throws {
            let socket = Guarded<(@Sendable () -> Void)?>(nil)
            let pipeline = try OrderedPipeline(
                write: { (response: Int, connection: ResponseWriter) in
                    connection.write(response)
                    guard response == 1 else { return }
                    socket.with { $0 }?()
                    connection.close()
                },
                respond: { (job: Job) in try await job.answerAsTask() })
            let (connection, gate) = (try await TestConnection(pipeline), Gate())
            socket.with {
                $0 = { [channel = connection.channel] in
                    channel.eventLoop.execute { channel.pipeline.triggerUserOutboundEvent(Socket.roomy, promise: nil) }
                }
            }
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0), Job(1, gate: gate)])
            await connection.log.until { $0.contains(.flush) }
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0, 1])
        }

        /// Its parts may come after it has been said, and whatever happens between them.
        @Test func aConnectionClosesBehindThePartsOfItsLastResponse() async throws {
            let quiesce = Guarded<(@Sendable () -> Void)?>(nil)
            let pipeline = try OrderedPipeline(
                write: { (response: Int, connection: ResponseWriter) in
                    connection.close()
                    quiesce.with { $0 }?()
                    for part in 0..<4 { connection.write(response * 10 + part) }
                },
                respond: { (job: Job) in try await job.answerAsTask() })
            let connection = try await TestConnection(pipeline)
            try await connection.add(Swallower(part: 10))
            quiesce.with {
                $0 = { [channel = connection.channel] in
                    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
                }
            }
            try await connection.receive([Job(1)])
            await connection.closed()
            #expect(connection.responses == [11, 12, 13])
            #expect(connection.log.entries.suffix(3) == [.flush, .close, .inactive])
        }

        @Test func theNextHandlerAnswersWhatIsPassedOn() async throws {
            let pipeline = try OrderedPipeline(window: 2) { (job: Job) in try await job.answerAsTask() }
            let (connection, gate) = (try await TestConnection(pipeline), Gate())
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2), Job(3)])
            let removed = try await connection.onLoop { [channel = connection.channel] in
                let handlers = channel.pipeline.syncOperations
                let context = try handlers.context(handlerType: OrderedPipelineHandler.self)
                let next = try OrderedPipelineHandler(OrderedPipeline { (job: Job) in try await job.answerAsTask() })
                try handlers.addHandler(next, position: .after(context.handler))
                return handlers.removeHandler(context: context)
            }
            gate.open()
            try await removed.get()
            #expect(await connection.responses(4) == [0, 1, 2, 3])
            try await connection.channel.close()
        }
    }

    /// Takes a part without a word and says that it is out, as a filter may.
    private final class Swallower: ChannelOutboundHandler {
        typealias OutboundIn = Int
        private let part: Int

        init(part: Int) { self.part = part }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if unwrapOutboundIn(data) == part { promise?.succeed() } else { context.write(data, promise: promise) }
        }
    }

    private final class Client: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: Guarded<String>
        private let isClosed: Gate

        init(_ received: Guarded<String>, _ isClosed: Gate) {
            (self.received, self.isClosed) = (received, isClosed)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.with { $0 += String(buffer: unwrapInboundIn(data)) }
        }

        func channelInactive(context: ChannelHandlerContext) { isClosed.open() }
    }

    /// Every part changes whether the channel is writable.
    private final class WritabilityChanger: ChannelOutboundHandler {
        typealias OutboundIn = Int

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            context.write(data, promise: promise)
            context.fireChannelWritabilityChanged()
        }
    }
#endif
