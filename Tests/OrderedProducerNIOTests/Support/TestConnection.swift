// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import OrderedProducerNIO
    import Testing

    /// What a test asks of a pipeline.
    struct Job: Sendable {
        var value: Int
        var gate: Gate?
        var begun: Gate?
        var fails = false
        var isLast = false
        var token: Token?

        init(_ value: Int, gate: Gate? = nil, begun: Gate? = nil, fails: Bool = false, token: Token? = nil) {
            self.value = value
            self.gate = gate
            self.begun = begun
            self.fails = fails
            self.token = token
        }

        func answer() throws -> Int {
            begun?.open()
            gate?.wait()
            if fails { throw TestError(value: value) }
            return value
        }

        func answerAsTask() async throws -> Int {
            begun?.open()
            await gate?.opened()
            if fails { throw TestError(value: value) }
            return value
        }
    }

    /// What a connection's neighbours see of its handler.
    enum Note: Equatable, Sendable {
        case read, write(Int), flush, close, inactive, writability
        case error(String), event(String), passed(Int)
    }

    /// A connection without a socket, with a recorder on both sides of the handler.
    struct TestConnection: Sendable {
        let channel: NIOAsyncTestingChannel
        let log = Log<Note>()

        init(_ pipeline: OrderedPipeline<Job, Int>, on loop: NIOAsyncTestingEventLoop = .init()) async throws {
            try await self.init(on: loop) { OrderedPipelineHandler(pipeline) }
        }

        /// - Parameters:
        ///   - isWritable: Whether it is writable when the handler comes.
        ///   - handler: Makes the handler, on the loop.
        init(
            on loop: NIOAsyncTestingEventLoop = .init(), isWritable: Bool = true,
            handler: @escaping @Sendable () -> OrderedPipelineHandler
        ) async throws {
            channel = NIOAsyncTestingChannel(loop: loop)
            channel.isWritable = isWritable
            try await onLoop { [channel, log] in
                try channel.pipeline.syncOperations.addHandlers(Front(log), handler(), Back(log))
            }
            try await channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1))
            // A new channel that is not asked to read by itself has nothing to note.
            #expect(log.entries.isEmpty)
        }

        @discardableResult
        func onLoop<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
            let result = try await channel.testingEventLoop.executeInContext(body)
            await channel.testingEventLoop.run()
            return result
        }

        /// All of them arrive in one read.
        func receive(_ jobs: [Job]) async throws {
            try await onLoop { [channel] in
                for job in jobs { channel.pipeline.fireChannelRead(job) }
                channel.pipeline.fireChannelReadComplete()
            }
        }

        /// What handlers before the pipeline's pass on: requests, and responses of their own.
        enum Event: Sendable {
            case request(Job), response(Int), lastResponse(Int)
        }

        /// As ``receive(_:)`` for requests alone.
        func receive(_ events: [Event]) async throws {
            try await onLoop { [channel] in
                let handlers = channel.pipeline.syncOperations
                for event in events {
                    switch event {
                    case .request(let job): channel.pipeline.fireChannelRead(job)
                    case .response(let value):
                        handlers.fireUserInboundEventTriggered(ResponseInTurn { $0.write(value) })
                    case .lastResponse(let value):
                        handlers.fireUserInboundEventTriggered(
                            ResponseInTurn { connection in
                                connection.write(value)
                                connection.close()
                            })
                    }
                }
                channel.pipeline.fireChannelReadComplete()
            }
        }

        func read() async throws {
            try await onLoop { [channel] in channel.pipeline.read() }
        }

        func event(_ event: some Sendable) async throws {
            try await onLoop { [channel] in channel.pipeline.fireUserInboundEventTriggered(event) }
        }

        func setWritable(_ isWritable: Bool) async throws {
            try await onLoop { [channel] in
                channel.isWritable = isWritable
                channel.pipeline.fireChannelWritabilityChanged()
            }
        }

        /// Puts `handler` directly before the pipeline's.
        func add(_ make: @autoclosure @escaping @Sendable () -> any ChannelHandler) async throws {
            try await onLoop { [channel] in
                let handlers = channel.pipeline.syncOperations
                let context = try handlers.context(handlerType: OrderedPipelineHandler.self)
                try handlers.addHandler(make(), position: .before(context.handler))
            }
        }

        /// Asks for the handler's removal.
        func remove() async throws -> EventLoopFuture<Void> {
            try await onLoop { [channel] in
                let handlers = channel.pipeline.syncOperations
                return handlers.removeHandler(context: try handlers.context(handlerType: OrderedPipelineHandler.self))
            }
        }

        /// What is written is not out before the socket is not full any more.
        func setSocket(isFull: Bool) async throws {
            try await onLoop { [channel] in
                channel.pipeline.triggerUserOutboundEvent(isFull ? Socket.full : .roomy, promise: nil)
            }
        }

        /// Of what a full socket keeps waiting, `parts` are refused now.
        func refuse(_ parts: Set<Int>) async throws {
            try await onLoop { [channel] in
                channel.pipeline.triggerUserOutboundEvent(Socket.refuses(parts), promise: nil)
            }
        }

        /// The responses so far.
        var responses: [Int] { log.entries.compactMap { if case .write(let value) = $0 { value } else { nil } } }

        @discardableResult
        func responses(_ count: Int) async -> [Int] {
            await log.until { entries in
                entries.count { if case .write = $0 { true } else { false } } >= count
            }
            return responses
        }

        func closed() async {
            await log.until { $0.contains(.inactive) }
        }
    }
#endif
