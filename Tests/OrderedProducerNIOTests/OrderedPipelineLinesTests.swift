// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import Testing

    @testable import OrderedProducerNIO

    /// What a handler asks of the producers that it borrows, and when: each asking may wake the pool.
    @Suite(.endsWithin(minutes: 2)) struct OrderedPipelineLinesTests {
        private let lines = FakeLines()

        private func connect(
            _ pipeline: UntypedPipeline, on loop: NIOAsyncTestingEventLoop = .init()
        ) async throws -> TestConnection {
            try await TestConnection(on: loop) { OrderedPipelineHandler(pipeline) }
        }

        private func read(_ count: Int, _ connection: TestConnection, isComplete: Bool) async throws {
            try await connection.onLoop { [channel = connection.channel] in
                for number in 0..<count { channel.pipeline.fireChannelRead(Job(number)) }
                if isComplete { channel.pipeline.fireChannelReadComplete() }
            }
        }

        @Test func aReadIsAskedForInPartsThatGrow() async throws {
            let connection = try await connect(lines.pipeline(window: 100))
            try await read(15, connection, isComplete: false)
            #expect(lines.asks == [])
            try await read(1, connection, isComplete: false)
            #expect(lines.asks == [16])
            try await read(15, connection, isComplete: false)
            #expect(lines.asks == [16])
            try await read(1, connection, isComplete: false)
            #expect(lines.asks == [16, 16])
            try await read(31, connection, isComplete: false)
            #expect(lines.asks == [16, 16])
            try await read(1, connection, isComplete: false)
            #expect(lines.asks == [16, 16, 32])
            try await read(3, connection, isComplete: true)
            #expect(lines.asks == [16, 16, 32, 3])
            try await connection.channel.close()
        }

        /// With half of the window answered, or behind the last response of a batch.
        @Test func roomIsNotAskedForOneByOne() async throws {
            let connection = try await connect(lines.pipeline(window: 40))
            try await read(100, connection, isComplete: true)
            #expect(lines.asks == [16, 16, 8])
            try await connection.onLoop { [lines] in
                lines.answer(19)
                #expect(lines.asks == [16, 16, 8])
                lines.answer(1)
                #expect(lines.asks == [16, 16, 8, 20])
                lines.answer(5)
                #expect(lines.asks == [16, 16, 8, 20])
                lines.answersAreDelivered()
                #expect(lines.asks == [16, 16, 8, 20, 5])
            }
            #expect(connection.responses == Array(0..<25))
            #expect(connection.log.entries.count { $0 == .flush } == 1)
            try await connection.channel.close()
        }

        @Test func aLineIsLentToTheNextConnectionOnceAllIsAnswered() async throws {
            let pipeline = try lines.pipeline(window: 8)
            let first = try await connect(pipeline)
            let second = try await connect(pipeline, on: first.channel.testingEventLoop)
            try await read(2, first, isComplete: true)
            try await first.onLoop { [lines] in
                lines.answer(1)
                lines.answersAreDelivered()
            }
            try await read(1, second, isComplete: true)
            #expect(lines.log.entries == [.made, .ask(2), .made, .ask(1)])
            try await first.onLoop { [lines] in
                lines.answer(1)
                lines.answersAreDelivered()
                lines.answer(1, on: 1)
                lines.answersAreDelivered(on: 1)
            }
            try await read(1, first, isComplete: true)
            try await read(1, second, isComplete: true)
            #expect(lines.log.entries == [.made, .ask(2), .made, .ask(1), .ask(1), .ask(1)])
            try await first.channel.close()
            try await second.channel.close()
        }

        @Test func aFullChannelPausesItsProducerOnce() async throws {
            let connection = try await connect(lines.pipeline(window: 8))
            try await read(1, connection, isComplete: true)
            for isWritable in [true, false, false, true, true] { try await connection.setWritable(isWritable) }
            #expect(lines.log.entries == [.made, .ask(1), .pause, .resume])
            try await connection.setWritable(false)
            try await connection.onLoop { [lines] in
                lines.answer(1)
                lines.answersAreDelivered()
            }
            #expect(lines.log.entries.suffix(2) == [.pause, .resume])
            try await connection.channel.close()
        }

        /// Nobody waits for what is outstanding behind the last response, however long the connection takes to close.
        @Test func aClosingConnectionLetsItsProducerGo() async throws {
            let connection = try await connect(lines.pipeline(window: 8))
            try await connection.setSocket(isFull: true)
            try await read(3, connection, isComplete: true)
            try await connection.onLoop { [lines, channel = connection.channel] in
                lines.answer(1)
                lines.answersAreDelivered()
                let handler = try channel.pipeline.syncOperations.handler(type: OrderedPipelineHandler.self)
                handler.fail(TestError(value: 1))
                lines.answer(2)
            }
            #expect(lines.log.entries == [.made, .ask(3), .gone])
            #expect(connection.responses == [0])
            try await connection.setSocket(isFull: false)
            await connection.closed()
        }
    }
#endif
