// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// Requests in, responses out, and what holds them back.
    @Suite(.endsWithin(minutes: 5)) struct OrderedPipelineHandlerTests {
        static func tasks(window: Int = 32) throws -> OrderedPipeline<Job, Int> {
            try OrderedPipeline(window: window) { (job: Job) in try await job.answerAsTask() }
        }

        @Test(arguments: 1...5) func responsesKeepTheOrderOfTheRequests(seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            let connection = try await TestConnection(Self.tasks(window: 16))
            let gates = (0..<100).map { _ in Gate() }
            try await connection.receive(gates.enumerated().map { Job($0.offset, gate: $0.element) })
            for gate in gates.shuffled(using: &random) { gate.open() }
            #expect(await connection.responses(100) == Array(0..<100))
            try await connection.channel.close()
        }

        @Test func requestsRunSideBySideOnThePool() async throws {
            let pool = try WorkerPool(threads: 2)
            let pipeline = try OrderedPipeline(pool: pool) { (job: Job) in try job.answer() }
            let connection = try await TestConnection(pipeline)
            let (first, second) = (Gate(), Gate())
            // The first waits for the second, which therefore runs beside it.
            try await connection.receive([Job(0, gate: second, begun: first), Job(1, begun: second)])
            #expect(await connection.responses(2) == [0, 1])
            pipeline.shutDown()
            _ = try await connection.channel.finish()
            await pool.shutdown()
        }

        @Test func nothingIsReadWhileTheWindowIsFull() async throws {
            let connection = try await TestConnection(Self.tasks(window: 2))
            let gates = (0..<5).map { _ in Gate() }
            try await connection.receive(gates.enumerated().map { Job($0.offset, gate: $0.element) })
            try await connection.read()
            #expect(connection.log.entries.isEmpty)
            // Three of the five fit by now, and one is kept still.
            gates[0].open()
            gates[1].open()
            await connection.responses(2)
            try await connection.read()
            #expect(!connection.log.entries.contains(.read))
            for gate in gates { gate.open() }
            #expect(await connection.responses(5) == Array(0..<5))
            await connection.log.until { $0.contains(.read) }
            #expect(connection.log.entries.count { $0 == .read } == 1)
            // With room in the window a read goes through at once.
            try await connection.read()
            #expect(connection.log.entries.count { $0 == .read } == 2)
            try await connection.channel.close()
        }

        @Test func nothingIsReadOrBegunWhileTheClientDoesNotRead() async throws {
            let connection = try await TestConnection(Self.tasks())
            let begun = Gate()
            try await connection.setWritable(false)
            try await connection.receive([Job(0, begun: begun)])
            try await connection.read()
            #expect(connection.log.entries == [.writability])
            try await connection.setWritable(true)
            await begun.opened()
            #expect(await connection.responses(1) == [0])
            await connection.log.until { $0.contains(.read) }
            try await connection.channel.close()
        }

        @Test(arguments: [false, true]) func nothingIsReadBehindTheLastRequest(isRemoved: Bool) async throws {
            let (connection, gate) = (try await TestConnection(Self.tasks()), Gate())
            try await connection.receive([Job(0, gate: gate)])
            if isRemoved {
                _ = try await connection.remove()
            } else {
                try await connection.onLoop { [channel = connection.channel] in
                    channel.pipeline.fireErrorCaught(TestError(value: 1))
                }
            }
            try await connection.read()
            #expect(!connection.log.entries.contains(.read))
            try await connection.channel.close()
            gate.open()
        }

        @Test func nothingIsReadForAClientThatDoesNotRead() async throws {
            let connection = try await TestConnection(Self.tasks())
            try await connection.setWritable(false)
            try await connection.read()
            #expect(connection.log.entries == [.writability])
            try await connection.setWritable(true)
            #expect(connection.log.entries == [.writability, .writability, .read])
            try await connection.channel.close()
        }

        /// The handler may come to a channel whose buffer is full.
        @Test func nothingIsBegunBeforeTheChannelIsWritable() async throws {
            let pipeline = try Self.tasks()
            let connection = try await TestConnection(isWritable: false) { OrderedPipelineHandler(pipeline) }
            let begun = Gate()
            try await connection.receive([Job(0, begun: begun)])
            try await connection.read()
            #expect(connection.log.entries.isEmpty)
            #expect(!begun.isOpen)
            try await connection.setWritable(true)
            #expect(await connection.responses(1) == [0])
            try await connection.channel.close()
        }

        @Test func responsesThatAreReadyTogetherAreFlushedOnce() async throws {
            let pool = try WorkerPool(threads: 1)
            let pipeline = try OrderedPipeline(pool: pool) { (job: Job) in try job.answer() }
            let connection = try await TestConnection(pipeline)
            let (first, last, fourth, goOn) = (Gate(), Gate(), Gate(), Gate())
            try await connection.receive([
                Job(0, gate: first), Job(1), Job(2), Job(3, gate: last, begun: fourth),
            ])
            await hold(connection.channel.eventLoop, until: goOn)
            first.open()
            // One thread: when it begins the fourth it has finished three, and the loop knows nothing of it yet.
            await fourth.opened()
            goOn.open()
            let notes = await connection.log.count(4)
            #expect(notes == [.write(0), .write(1), .write(2), .flush])
            last.open()
            #expect(await connection.log.count(6).suffix(2) == [.write(3), .flush])
            pipeline.shutDown()
            _ = try await connection.channel.finish()
            await pool.shutdown()
        }

        @Test func aResponseMayBeSeveralParts() async throws {
            let pipeline = try OrderedPipeline(
                write: { (response: Int, connection: ResponseWriter) in
                    for part in 0..<3 { connection.write(response * 10 + part) }
                    if response == 1 { connection.close() }
                },
                respond: { (job: Job) in try await job.answerAsTask() })
            let connection = try await TestConnection(pipeline)
            try await connection.receive([Job(0), Job(1), Job(2)])
            await connection.closed()
            // The third is behind the last response, and is not answered.
            #expect(connection.responses == [0, 1, 2, 10, 11, 12])
            #expect(connection.log.entries.suffix(3) == [.flush, .close, .inactive])
        }

        @Test func eventsAndWritabilityArePassedOn() async throws {
            let connection = try await TestConnection(Self.tasks())
            try await connection.event("hello")
            try await connection.setWritable(true)
            #expect(connection.log.entries == [.event("hello"), .writability])
            let readsAreComplete = Log<Void>()
            try await connection.onLoop { [channel = connection.channel] in
                try channel.pipeline.syncOperations.addHandler(ReadListener(readsAreComplete))
                channel.pipeline.fireChannelReadComplete()
            }
            #expect(readsAreComplete.entries.count == 1)
            try await connection.channel.close()
        }

        @Test(arguments: [0, -1, 1 << 31]) func aWindowOutOfRangeIsRefused(window: Int) throws {
            let error = #expect(throws: ProducerError.self) { try Self.tasks(window: window) }
            #expect("\(error!)".contains("window is \(window)"))
        }

        @Test func oneThousandConnectionsShareOneLoopAndOnePool() async throws {
            let pool = try WorkerPool(threads: 4)
            let pipeline = try OrderedPipeline(pool: pool, window: 4) { (job: Job) in
                (0..<job.value * 7 % 900).reduce(0, ^) & 0 + job.value
            }
            let loop = NIOAsyncTestingEventLoop()
            var random = SeededGenerator(seed: 42)
            var connections: [(connection: TestConnection, count: Int)] = []
            for _ in 0..<1_000 {
                connections.append(
                    (try await TestConnection(pipeline, on: loop), Int.random(in: 0...12, using: &random)))
            }
            for (connection, count) in connections { try await connection.receive((0..<count).map { Job($0) }) }
            for (connection, count) in connections {
                #expect(await connection.responses(count) == Array(0..<count))
            }
            pipeline.shutDown()
            for (connection, _) in connections { try await connection.channel.close() }
            await pool.shutdown()
        }
    }

    private final class ReadListener: ChannelInboundHandler {
        typealias InboundIn = Job
        private let log: Log<Void>

        init(_ log: Log<Void>) { self.log = log }

        func channelReadComplete(context: ChannelHandlerContext) { log.add(()) }
    }
#endif
