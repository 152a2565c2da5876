// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// What holds a client back that does not read: nothing is written for it, and nothing begun.
    @Suite(.endsWithin(minutes: 2)) struct OrderedPipelineBackpressureTests {
        /// Six are finished when the second one fills the channel's buffer.
        @Test func anUnwritableChannelIsNotWrittenTo() async throws {
            let pool = try WorkerPool(threads: 1)
            let pipeline = try OrderedPipeline(pool: pool) { (job: Job) in try job.answer() }
            let connection = try await TestConnection(pipeline)
            try await connection.add(Buffer(isFullWith: 1))
            let (first, last, seventh, goOn) = (Gate(), Gate(), Gate(), Gate())
            try await connection.receive(
                [Job(0, gate: first)] + (1..<6).map { Job($0) } + [Job(6, gate: last, begun: seventh)])
            await hold(connection.channel.eventLoop, until: goOn)
            first.open()
            // One thread: when it begins the seventh it has finished six, and the loop knows nothing of it yet.
            await seventh.opened()
            goOn.open()
            await connection.log.until { $0.contains(.flush) }
            try await connection.onLoop {}
            #expect(connection.log.entries == [.write(0), .write(1), .writability, .flush])
            last.open()
            try await connection.setWritable(true)
            #expect(await connection.responses(7) == Array(0..<7))
            pipeline.shutDown()
            _ = try await connection.channel.finish()
            await pool.shutdown()
        }

        /// The window counts what is finished and not written, so that nothing is begun or read behind it.
        @Test func theWindowClosesBehindAnUnwritableChannel() async throws {
            let pool = try WorkerPool(threads: 1)
            let pipeline = try OrderedPipeline(pool: pool, window: 3) { (job: Job) in try job.answer() }
            let connection = try await TestConnection(pipeline)
            let (first, last, third, fourth) = (Gate(), Gate(), Gate(), Gate())
            try await connection.receive([
                Job(0, gate: first), Job(1), Job(2, gate: last, begun: third), Job(3, begun: fourth),
            ])
            try await connection.setWritable(false)
            first.open()
            // One thread: two are finished, and the loop has been told.
            await third.opened()
            try await connection.read()
            #expect(connection.log.entries == [.writability])
            try await connection.setWritable(true)
            last.open()
            await fourth.opened()
            #expect(await connection.responses(4) == Array(0..<4))
            await connection.log.until { $0.contains(.read) }
            pipeline.shutDown()
            _ = try await connection.channel.finish()
            await pool.shutdown()
        }

        /// A producer is lent to the next connection in working order.
        @Test func aFullChannelHoldsNobodyElse() async throws {
            let pipeline = try OrderedPipeline { (job: Job) in try await job.answerAsTask() }
            let full = try await TestConnection(pipeline)
            try await full.add(Buffer(isFullWith: 0))
            let other = try await TestConnection(pipeline, on: full.channel.testingEventLoop)
            try await full.receive([Job(0)])
            await full.log.until { $0.contains(.flush) }
            try await other.receive([Job(7)])
            #expect(await other.responses(1) == [7])
            let gate = Gate()
            try await full.setWritable(true)
            try await full.receive([Job(1, gate: gate), Job(2)])
            try await full.setWritable(false)
            try await full.channel.close()
            gate.open()
            try await other.receive([Job(8), Job(9)])
            #expect(await other.responses(3) == [7, 8, 9])
            try await other.channel.close()
        }

        /// At most a high-water mark and one response are in the channel's buffer, however many are finished.
        @Test func whatIsBufferedIsBounded() async throws {
            let (size, count, mark) = (400_000, 50, 1_000_000)
            let (pool, answered) = (try WorkerPool(threads: 2), Log<Void>())
            let pipeline = try OrderedPipeline(pool: pool, window: count) { (_: ByteBuffer) in
                defer { answered.add(()) }
                return ByteBuffer(repeating: 1, count: size)
            }
            try await withLoop { loop in
                let buffered = Log<Int>()
                let server = try await ServerBootstrap(group: loop)
                    .childChannelOption(
                        .writeBufferWaterMark, value: .init(low: mark / 2, high: mark)
                    )
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandlers(
                                Meter(buffered), Bytes(), OrderedPipelineHandler(pipeline))
                        }
                    }
                    .bind(host: "127.0.0.1", port: 0).get()
                let (received, all) = (Guarded(0), Gate())
                let client = try await ClientBootstrap(group: loop).channelOption(.autoRead, value: false)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Counter(received, all, count * size))
                        }
                    }
                    .connect(to: #require(server.localAddress)).get()
                // One byte each: one request.
                try await client.writeAndFlush(ByteBuffer(repeating: 0, count: count))
                await buffered.until { $0.contains { $0 > mark } }
                await answered.count(count)
                try await client.setOption(.autoRead, value: true).get()
                await all.opened()
                try await client.close()
                try await server.close()
                #expect(buffered.entries.max()! <= mark + size)
            }
            pipeline.shutDown()
            await pool.shutdown()
        }
    }

    /// Notes how much the channel has buffered after each write.
    private final class Meter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private let log: Log<Int>

        init(_ log: Log<Int>) { self.log = log }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            context.write(data, promise: promise)
            log.add((try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? -1)
        }
    }

    /// Each byte is a request.
    private final class Bytes: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            while let byte = bytes.readSlice(length: 1) { context.fireChannelRead(wrapInboundOut(byte)) }
        }
    }

    private final class Counter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: Guarded<Int>
        private let all: Gate
        private let expected: Int

        init(_ received: Guarded<Int>, _ all: Gate, _ expected: Int) {
            (self.received, self.all, self.expected) = (received, all, expected)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let length = unwrapInboundIn(data).readableBytes
            let sum = received.with { received in
                received += length
                return received
            }
            if sum >= expected { all.open() }
        }
    }
#endif
