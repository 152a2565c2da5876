// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// What becomes of a response that cannot be written.
    @Suite(.endsWithin(minutes: 2)) struct OrderedPipelineWritesTests {
        /// A response of four parts: ten times the request, and the three numbers behind.
        private static let inParts: @Sendable (Int, ResponseWriter) -> Void = { response, connection in
            for part in 0..<4 { connection.write(response * 10 + part) }
        }

        private func tasks(
            window: Int = 32, write: @escaping @Sendable (Int, ResponseWriter) -> Void = { $1.write($0) }
        ) throws -> OrderedPipeline<Job, Int> {
            try OrderedPipeline(window: window, write: write) { (job: Job) in try await job.answerAsTask() }
        }

        /// Only its promise tells of it, as of what an encoder refuses.
        @Test func aResponseThatCannotBeWrittenClosesTheConnection() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.add(Encoder(refuses: [1]))
            let gate = Gate()
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2), Job(3)])
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0])
            #expect(
                connection.log.entries.filter { $0 != .flush } == [
                    .write(0), .error("\(TestError(value: 1))"), .close, .inactive,
                ])
        }

        @Test(arguments: [10, 12, 13]) func noPartIsWrittenBehindOneThatFailed(part: Int) async throws {
            let connection = try await TestConnection(tasks(write: Self.inParts))
            try await connection.add(Encoder(refuses: [part]))
            let gate = Gate()
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2)])
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0, 1, 2, 3] + Array(10..<part))
            #expect(connection.log.entries.filter { $0 == .error("\(TestError(value: part))") }.count == 1)
        }

        @Test func whatStandsBeforeAFailedPartIsOutBeforeTheConnectionCloses() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.add(Encoder(refuses: [1]))
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0), Job(1)])
            await connection.log.until { $0.contains(.error("\(TestError(value: 1))")) }
            try await connection.onLoop {}
            #expect(!connection.log.entries.contains(.close))
            try await connection.setSocket(isFull: false)
            await connection.closed()
            #expect(connection.responses == [0])
        }

        /// What stands behind it may be in the encoder still: it must not get out in its place.
        @Test(arguments: [false, true])
        func aPartThatFailsLaterClosesTheConnectionAtOnce(isClosing: Bool) async throws {
            let connection = try await TestConnection(
                tasks(write: { response, connection in
                    connection.write(response)
                    if isClosing, response == 2 { connection.close() }
                }))
            try await connection.setSocket(isFull: true)
            let gate = Gate()
            try await connection.receive([Job(0), Job(1), Job(2), Job(3, gate: gate)])
            await connection.log.until { $0.contains(.write(2)) && $0.last == .flush }
            try await connection.refuse([1])
            await connection.closed()
            gate.open()
            try await connection.onLoop {}
            #expect(connection.log.entries.filter { $0 == .error("\(TestError(value: 1))") }.count == 1)
            #expect(connection.responses == [0, 1, 2])
            #expect(connection.log.entries.last == .inactive)
        }

        /// One error is enough, and the connection closes when all is decided.
        @Test func aConnectionTellsOfTheFirstFailureAlone() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.add(Encoder(refuses: [2]))
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0), Job(1), Job(2)])
            await connection.log.until { $0.contains(.error("\(TestError(value: 2))")) }
            #expect(!connection.log.entries.contains(.close))
            try await connection.refuse([1])
            await connection.closed()
            #expect(connection.log.entries.count { if case .error = $0 { true } else { false } } == 1)
        }

        /// Where closing takes its time, nothing is begun or kept meanwhile.
        @Test func nothingIsBegunWhereAFailureHasYetToCloseTheConnection() async throws {
            let (connection, ledger, gate) = (try await TestConnection(tasks()), Ledger(), Gate())
            try await connection.add(Closer(waitsFor: gate))
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0), Job(1)])
            await connection.log.until { $0.contains(.write(1)) && $0.last == .flush }
            try await connection.refuse([0])
            let begun = Gate()
            try await connection.receive([Job(2, begun: begun, token: Token(2, ledger))])
            await ledger.drained()
            gate.open()
            await connection.closed()
            #expect(!begun.isOpen)
        }

        /// Everything on its way fails then, and no response is at fault.
        @Test func aLostConnectionIsNoFailureOfItsResponses() async throws {
            let log = Log<Note>()
            let pipeline = try OrderedPipeline { (length: ByteBuffer) async throws in
                ByteBuffer(repeating: 0, count: Int(String(buffer: length))!)
            }
            try await withLoop { loop in
                let channels = Log<any Channel>()
                let server = try await ServerBootstrap(group: loop)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandlers(
                                OrderedPipelineHandler(pipeline), Listener(log))
                            channels.add(channel)
                        }
                    }
                    .bind(host: "127.0.0.1", port: 0).get()
                let client = try await ClientBootstrap(group: loop).channelOption(.autoRead, value: false)
                    .connect(to: #require(server.localAddress)).get()
                try await client.writeAndFlush(ByteBuffer(string: "\(64 << 20)"))
                await log.until { $0.contains(.writability) }
                try await channels.count(1)[0].close()
                await log.until { $0.contains(.inactive) }
                try await client.close()
                try await server.close()
            }
            #expect(log.entries == [.writability, .inactive])
            pipeline.shutDown()
        }
    }

    /// Fails the promise of the parts that it refuses, and says nothing else.
    private final class Encoder: ChannelOutboundHandler {
        typealias OutboundIn = Int
        private let refused: Set<Int>

        init(refuses refused: Set<Int>) { self.refused = refused }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let part = unwrapOutboundIn(data)
            guard refused.contains(part) else { return context.write(data, promise: promise) }
            promise?.fail(TestError(value: part))
        }
    }

    /// Closes when it is told to, as one does that has something to say first.
    private final class Closer: ChannelOutboundHandler {
        typealias OutboundIn = Int
        private let gate: Gate

        init(waitsFor gate: Gate) { self.gate = gate }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            let (gate, context, loop) = (gate, NIOLoopBound(context, eventLoop: context.eventLoop), context.eventLoop)
            loop.makeFutureWithTask { await gate.opened() }
                .whenComplete { _ in context.value.close(mode: mode, promise: promise) }
        }
    }

    /// What a connection tells the handler behind it.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = NIOAny
        private let log: Log<Note>

        init(_ log: Log<Note>) { self.log = log }

        func channelInactive(context: ChannelHandlerContext) { log.add(.inactive) }
        func channelWritabilityChanged(context: ChannelHandlerContext) { log.add(.writability) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { log.add(.error("\(error)")) }
    }
#endif
