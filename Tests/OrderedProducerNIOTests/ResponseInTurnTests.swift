// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import OrderedProducer
    import Testing

    @testable import OrderedProducerNIO

    /// Responses of handlers before the pipeline's own, among those that it writes.
    @Suite(.endsWithin(minutes: 2)) struct ResponseInTurnTests {
        private func tasks(window: Int = 32) throws -> OrderedPipeline<Job, Int> {
            try OrderedPipeline(window: window) { (job: Job) in try await job.answerAsTask() }
        }

        @Test func itIsWrittenAtOnceWhereNothingIsOutstanding() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.receive([.response(100)])
            #expect(connection.log.entries == [.write(100), .flush])
            try await connection.receive([.request(Job(0))])
            #expect(await connection.responses(2) == [100, 0])
            try await connection.channel.close()
        }

        /// Whatever is finished first, and in whichever batch.
        @Test(arguments: 1...8) func itComesBetweenTheResponsesOfItsNeighbours(seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            let connection = try await TestConnection(tasks(window: 4))
            let gates = (0..<12).map { _ in Gate() }
            var events: [TestConnection.Event] = []
            var expected: [Int] = []
            for (number, gate) in gates.enumerated() {
                for extra in 0..<Int.random(in: 0...2, using: &random) {
                    events.append(.response(100 + 10 * number + extra))
                    expected.append(100 + 10 * number + extra)
                }
                events.append(.request(Job(number, gate: gate)))
                expected.append(number)
            }
            events.append(.response(1_000))
            try await connection.receive(events)
            for gate in gates.shuffled(using: &random) { gate.open() }
            #expect(await connection.responses(expected.count + 1) == expected + [1_000])
            await connection.log.until { $0.last == .flush }
            try await connection.channel.close()
        }

        @Test func itMayBeTheLast() async throws {
            let (connection, gate) = (try await TestConnection(tasks()), Gate())
            try await connection.receive([
                .request(Job(0, gate: gate)), .lastResponse(100), .response(101), .request(Job(1)),
            ])
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0, 100])
            #expect(connection.log.entries.suffix(3) == [.flush, .close, .inactive])
        }

        /// An error of the handler that answers follows its answer, and the connection finishes.
        @Test func itIsWrittenBeforeAFinishingConnectionCloses() async throws {
            let (connection, gate) = (try await TestConnection(tasks()), Gate())
            try await connection.receive([.request(Job(0, gate: gate)), .response(100)])
            try await connection.event(ChannelEvent.inputClosed)
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0, 100])
        }

        @Test(arguments: ["lost", "closing"]) func itGoesWithItsConnection(how: String) async throws {
            let (ledger, gate) = (Ledger(), Gate())
            let connection = try await TestConnection(tasks())
            try await connection.receive([.request(Job(0, gate: gate, fails: true))])
            try await connection.onLoop { [channel = connection.channel] in
                let token = Token(0, ledger)
                channel.pipeline.syncOperations.fireUserInboundEventTriggered(ResponseInTurn { _ in _ = token })
            }
            #expect(ledger.live == 1)
            if how == "lost" { try await connection.channel.close() }
            gate.open()
            await connection.closed()
            await ledger.drained()
            try await connection.receive([.response(100)])
            #expect(connection.responses == [])
        }

        @Test func itWaitsUntilTheChannelIsWritable() async throws {
            let (connection, gate) = (try await TestConnection(tasks()), Gate())
            try await connection.setWritable(false)
            try await connection.receive([.response(100)])
            #expect(connection.log.entries == [.writability])
            try await connection.setWritable(true)
            #expect(connection.log.entries == [.writability, .writability, .write(100), .flush])
            // And the response behind it waits with it.
            try await connection.receive([.request(Job(0)), .request(Job(1, gate: gate))])
            await connection.responses(2)
            try await connection.setWritable(false)
            try await connection.receive([.response(101)])
            try await connection.event(ChannelEvent.inputClosed)
            gate.open()
            try await connection.onLoop {}
            #expect(connection.responses == [100, 0])
            try await connection.setWritable(true)
            await connection.closed()
            #expect(connection.responses == [100, 0, 1, 101])
        }

        /// The response before it fills the channel's buffer, so that it waits, and what is behind it.
        @Test func itWaitsBehindTheResponseThatFillsTheChannel() async throws {
            let (connection, gate) = (try await TestConnection(tasks()), Gate())
            try await connection.add(Buffer(isFullWith: 0))
            try await connection.receive([.request(Job(0, gate: gate)), .response(100), .request(Job(1))])
            gate.open()
            await connection.log.until { $0.contains(.flush) }
            #expect(connection.log.entries == [.write(0), .writability, .flush])
            try await connection.setWritable(true)
            #expect(await connection.responses(3) == [0, 100, 1])
            try await connection.channel.close()
        }

        @Test(arguments: [false, true])
        func aConnectionEndsBehindTheOneThatWaits(isRemoved: Bool) async throws {
            let connection = try await TestConnection(tasks())
            try await connection.setWritable(false)
            try await connection.receive([.response(100)])
            if isRemoved {
                let removed = try await connection.remove()
                #expect(connection.log.entries == [.writability])
                try await connection.setWritable(true)
                try await removed.get()
                try await connection.channel.close()
            } else {
                try await connection.event(ChannelEvent.inputClosed)
                #expect(!connection.log.entries.contains(.close))
                try await connection.setWritable(true)
                await connection.closed()
            }
            #expect(connection.responses == [100])
        }

        /// A client gets no more of them to wait than requests.
        @Test func theyCountForTheWindowWhenItComesToReading() async throws {
            let (connection, gate) = (try await TestConnection(tasks(window: 3)), Gate())
            try await connection.receive([.request(Job(0, gate: gate)), .response(100)])
            try await connection.read()
            #expect(connection.log.entries == [.read])
            try await connection.receive([.response(101)])
            try await connection.read()
            #expect(connection.log.entries == [.read])
            gate.open()
            await connection.log.until { $0.count { $0 == .read } == 2 }
            #expect(connection.responses == [0, 100, 101])
            try await connection.channel.close()
        }

        @Test func aHandlerThatLeavesPassesOnWhatIsNotItsOwn() async throws {
            let (connection, gate) = (try await TestConnection(tasks(window: 1)), Gate())
            try await connection.receive([
                .request(Job(0, gate: gate)), .response(100), .request(Job(1)), .response(101), .request(Job(2)),
            ])
            let removed = try await connection.remove()
            gate.open()
            try await removed.get()
            #expect(
                connection.log.entries == [
                    .write(0), .write(100), .flush, .passed(1), .event("ResponseInTurn"), .passed(2),
                ])
            try await connection.channel.close()
        }

        /// The last of 16 answers makes room for as many requests, which the producer does not take.
        @Test func itIsWrittenBeforeProductionIsFoundToHaveEnded() async throws {
            let lines = FakeLines(takingAtMost: 17)
            let pipeline = try lines.pipeline(window: 17)
            let connection = try await TestConnection { OrderedPipelineHandler(pipeline) }
            let requests = (0..<33).map { TestConnection.Event.request(Job($0)) }
            try await connection.receive(requests[..<16] + [.response(100)] + requests[16...])
            try await connection.onLoop {
                lines.answer(16)
                lines.answersAreDelivered()
            }
            await connection.closed()
            #expect(lines.asks.reduce(0, +) == 17 + 16)
            #expect(connection.responses == Array(0..<16) + [100])
        }

        /// What is behind requests that were dropped is not written as if those had been answered.
        @Test func aPipelineThatIsShutDownWritesNoneOutOfTurn() async throws {
            let (pipeline, gate) = (try tasks(window: 1), Gate())
            let connection = try await TestConnection(pipeline)
            try await connection.receive([
                .request(Job(0, gate: gate)), .response(100), .request(Job(1)), .response(101),
            ])
            pipeline.shutDown()
            try await connection.onLoop {}
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0, 100])
        }
    }
#endif
