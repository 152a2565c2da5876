// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// How connections end, and what stays behind: nothing.
    @Suite(.endsWithin(minutes: 5)) struct OrderedPipelineEndingsTests {
        typealias Pipeline = OrderedPipeline<Job, Int>

        func tasks() throws -> Pipeline {
            try OrderedPipeline { (job: Job) in try await job.answerAsTask() }
        }

        @Test(arguments: ["input closed", "quiescing", "an error before it"])
        func whatWasReceivedIsAnsweredBeforeTheConnectionCloses(why: String) async throws {
            let connection = try await TestConnection(tasks())
            let gates = (0..<3).map { _ in Gate() }
            try await connection.receive(gates.enumerated().map { Job($0.offset, gate: $0.element) })
            switch why {
            case "quiescing": try await connection.event(ChannelShouldQuiesceEvent())
            case "input closed": try await connection.event(ChannelEvent.inputClosed)
            default:
                try await connection.onLoop { [channel = connection.channel] in
                    channel.pipeline.fireErrorCaught(TestError(value: 1))
                }
            }
            #expect(connection.log.entries.count == 1)  // passed on, and nothing else
            for gate in gates.reversed() { gate.open() }
            await connection.closed()
            #expect(connection.responses == [0, 1, 2])
            #expect(connection.log.entries.suffix(3) == [.flush, .close, .inactive])
        }

        @Test func theConnectionStaysUntilAllIsOut() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.setSocket(isFull: true)
            try await connection.receive([Job(0)])
            await connection.log.until { $0.contains(.flush) }
            try await connection.event(ChannelEvent.inputClosed)
            #expect(!connection.log.entries.contains(.close))
            try await connection.setSocket(isFull: false)
            await connection.closed()
        }

        @Test func anErrorIsPassedOnBeforeAnIdleConnectionCloses() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.onLoop { [channel = connection.channel] in
                channel.pipeline.fireErrorCaught(TestError(value: 1))
            }
            await connection.closed()
            #expect(connection.log.entries == [.error("\(TestError(value: 1))"), .close, .inactive])
        }

        @Test func anIdleConnectionClosesWithItsInput() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.event(ChannelEvent.inputClosed)
            await connection.closed()
        }

        @Test func aLostConnectionStopsItsRequestsAndNoOthers() async throws {
            let (pool, ledger) = (try WorkerPool(threads: 1), Ledger())
            let pipeline = try OrderedPipeline(pool: pool) { (job: Job) in try job.answer() }
            let lost = try await TestConnection(pipeline)
            let other = try await TestConnection(pipeline, on: lost.channel.testingEventLoop)
            let (gate, begun, never) = (Gate(), Gate(), Gate())
            try await lost.receive(
                [Job(0, gate: gate, begun: begun, token: Token(0, ledger))]
                    + (1..<100).map { Job($0, begun: never, token: Token($0, ledger)) })
            await begun.opened()
            try await lost.channel.close()
            gate.open()
            await ledger.drained()
            try await other.receive([Job(5)])
            #expect(await other.responses(1) == [5])
            #expect(lost.responses == [])
            let wasBegun = Log<Int>()
            Task {
                await never.opened()
                wasBegun.add(1)
            }
            try await other.channel.close()
            pipeline.shutDown()
            await pool.shutdown()
            #expect(wasBegun.entries.isEmpty)
            never.open()
        }

        @Test func aFailingRequestClosesTheConnectionBehindTheEarlierResponses() async throws {
            let connection = try await TestConnection(tasks())
            let gate = Gate()
            // The failure is there first, and waits for its turn.
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2, fails: true), Job(3)])
            gate.open()
            await connection.closed()
            #expect(
                connection.log.entries.filter { $0 != .flush } == [
                    .write(0), .write(1), .error("\(TestError(value: 2))"), .close, .inactive,
                ])
        }

        @Test func aFailingRequestGetsTheResponseThatOnErrorMakes() async throws {
            let pool = try WorkerPool(threads: 2)
            let synchronous = try OrderedPipeline(
                pool: pool, onError: { error, job in (error as? TestError)?.value == job.value ? -job.value : 0 },
                respond: { (job: Job) in try job.answer() })
            let asTasks = try OrderedPipeline(
                onError: { error, job in (error as? TestError)?.value == job.value ? -job.value : 0 },
                respond: { (job: Job) in try await job.answerAsTask() })
            for pipeline in [synchronous, asTasks] {
                let connection = try await TestConnection(pipeline)
                try await connection.receive([Job(0), Job(1, fails: true), Job(2)])
                #expect(await connection.responses(3) == [0, -1, 2])
                try await connection.channel.close()
                pipeline.shutDown()
            }
            await pool.shutdown()
        }

        @Test func aPipelineThatIsShutDownAnswersWhatIsOutstanding() async throws {
            let pool = try WorkerPool(threads: 1)
            let pipeline = try OrderedPipeline(pool: pool) { (job: Job) in try job.answer() }
            let connection = try await TestConnection(pipeline)
            let idle = try await TestConnection(pipeline, on: connection.channel.testingEventLoop)
            let (gate, begun) = (Gate(), Gate())
            try await connection.receive([Job(0, gate: gate, begun: begun), Job(1)])
            await begun.opened()
            pipeline.shutDown()
            let poolIsGone = Gate()
            Task {
                await pool.shutdown()
                poolIsGone.open()
            }
            gate.open()
            #expect(await connection.responses(2) == [0, 1])
            await poolIsGone.opened()
            for connection in [connection, idle] {
                try await connection.receive([Job(2)])
                await connection.closed()
                #expect(connection.log.entries.contains(.error("\(ProducerError.ended)")))
            }
        }

        /// A full channel keeps the request from being answered, and not only from being read.
        @Test func aConnectionThatIsFullFinishesWhenItIsNot() async throws {
            let connection = try await TestConnection(tasks())
            try await connection.setWritable(false)
            try await connection.receive([Job(0)])
            try await connection.event(ChannelEvent.inputClosed)
            #expect(!connection.log.entries.contains(.close))
            try await connection.setWritable(true)
            await connection.closed()
            #expect(connection.responses == [0])
        }

        @Test func aConnectionThatComesAfterTheShutdownIsClosed() async throws {
            let pipeline = try tasks()
            pipeline.shutDown()
            let connection = try await TestConnection(pipeline)
            try await connection.receive([Job(0)])
            await connection.closed()
            #expect(
                connection.log.entries == [.error("\(ProducerError.ended)"), .close, .inactive])
        }

        /// Also those that are lost to the shutdown are told of.
        @Test func aFinishingConnectionTellsOfWhatIsDropped() async throws {
            let pipeline = try OrderedPipeline(window: 1) { (job: Job) in try await job.answerAsTask() }
            let (connection, gate) = (try await TestConnection(pipeline), Gate())
            try await connection.receive([Job(0, gate: gate), Job(1)])
            try await connection.event(ChannelEvent.inputClosed)
            pipeline.shutDown()
            try await connection.onLoop {}
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0])
            #expect(connection.log.entries.contains(.error("\(ProducerError.ended)")))
        }

        /// While it closes, and however long that takes.
        @Test func aClosingConnectionKeepsNoRequests() async throws {
            let (ledger, gate) = (Ledger(), Gate())
            let pipeline = try OrderedPipeline(window: 2) { (job: Job) in try await job.answerAsTask() }
            let connection = try await TestConnection(pipeline)
            try await connection.setSocket(isFull: true)
            try await connection.receive(
                [Job(0), Job(1, gate: gate, fails: true)] + (2..<5).map { Job($0, token: Token($0, ledger)) })
            await connection.log.until { $0.contains(.flush) }
            gate.open()
            await connection.log.until { $0.contains(.error("\(TestError(value: 1))")) }
            await ledger.drained()
            try await connection.receive([Job(5, token: Token(5, ledger))])
            try await connection.receive([.response(100)])
            await ledger.drained()
            #expect(!connection.log.entries.contains(.close))
            try await connection.setSocket(isFull: false)
            await connection.closed()
            #expect(connection.responses == [0])
        }

        /// A client that always has something outstanding cannot keep the pipeline, and with it the pool.
        @Test func aPipelineThatIsShutDownBeginsNothing() async throws {
            let pipeline = try OrderedPipeline(window: 1) { (job: Job) in try await job.answerAsTask() }
            let connection = try await TestConnection(pipeline)
            let gate = Gate()
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2)])
            pipeline.shutDown()
            try await connection.onLoop {}
            gate.open()
            await connection.closed()
            #expect(connection.responses == [0])
        }

        @Test func aPoolThatIsShutDownClosesConnections() async throws {
            let pool = try WorkerPool(threads: 1)
            let connection = try await TestConnection(
                OrderedPipeline(pool: pool) { (job: Job) in try job.answer() })
            await pool.shutdown()
            try await connection.receive([Job(0)])
            await connection.closed()
            #expect(connection.log.entries.contains(.error("\(ProducerError.poolShutDown)")))
        }

        @Test func aRemovedHandlerAnswersWhatItAskedForAndPassesOnTheRest() async throws {
            let pipeline = try OrderedPipeline(window: 2) { (job: Job) in try await job.answerAsTask() }
            let connection = try await TestConnection(pipeline)
            let gate = Gate()
            try await connection.receive([Job(0, gate: gate), Job(1), Job(2), Job(3)])
            try await connection.read()
            let removed = try await connection.onLoop { [channel = connection.channel] in
                let context = try channel.pipeline.syncOperations.context(
                    handlerType: OrderedPipelineHandler.self)
                return channel.pipeline.syncOperations.removeHandler(context: context)
            }
            #expect(connection.log.entries.isEmpty)
            gate.open()
            try await removed.get()
            #expect(
                connection.log.entries == [.write(0), .write(1), .flush, .passed(2), .passed(3), .read])
            try await connection.receive([Job(4)])
            #expect(connection.log.entries.last == .passed(4))
            try await connection.channel.close()
        }

        @Test func aConnectionLostDuringRemovalEndsIt() async throws {
            let (connection, gate) = (try await TestConnection(tasks()), Gate())
            try await connection.receive([Job(0, gate: gate)])
            let removed = try await connection.onLoop { [channel = connection.channel] in
                let context = try channel.pipeline.syncOperations.context(
                    handlerType: OrderedPipelineHandler.self)
                return channel.pipeline.syncOperations.removeHandler(context: context)
            }
            try await connection.channel.close()
            try await removed.get()
            gate.open()
        }

        /// In whichever order a connection, its pipeline and its pool go, with requests running or not.
        @Test(arguments: [false, true], [false, true])
        func nothingKeepsAHandler(isRunning: Bool, pipelineGoesFirst: Bool) async throws {
            let (pool, ledger) = (try WorkerPool(threads: 1), Ledger())
            let captured = Guarded<Token?>(Token(-1, ledger))
            var pipeline: Pipeline? = try OrderedPipeline(pool: pool) { [token = captured.with { $0 }] (job: Job) in
                _ = token
                return try job.answer()
            }
            captured.with { $0 = nil }
            weak let weakly = pipeline
            var connection: TestConnection? = try await TestConnection(#require(pipeline))
            let (gate, begun) = (Gate(), Gate())
            try await connection?.receive([
                Job(0, gate: gate, begun: begun, token: Token(0, ledger)), Job(1, token: Token(1, ledger)),
            ])
            await begun.opened()
            if pipelineGoesFirst { pipeline = nil }
            if !isRunning {
                gate.open()
                await connection?.responses(2)
            }
            try await connection?.channel.close()
            connection = nil
            pipeline = nil
            gate.open()
            await ledger.drained()
            await pool.shutdown()
            #expect(weakly == nil)
        }
    }
#endif
