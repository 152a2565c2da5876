// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import OrderedProducer

    /// How the requests of pipelined connections are answered: side by side, and in order on each connection.
    ///
    /// ```swift
    /// let pipeline = try OrderedPipeline(window: 64) { (request: Request) in try answer(request) }
    /// let bootstrap = ServerBootstrap(group: group).childChannelInitializer { channel in
    ///     channel.eventLoop.makeCompletedFuture {
    ///         try channel.pipeline.syncOperations.addHandler(MessageDecoder())
    ///         try channel.pipeline.syncOperations.addHandler(OrderedPipelineHandler(pipeline))
    ///     }
    /// }
    /// ```
    ///
    /// One pipeline serves all connections of all loops; each connection gets an ``OrderedPipelineHandler``. A
    /// connection borrows a producer (some KiB) from the pipeline while it has requests outstanding, and gives it back
    /// when all are answered, so an idle connection costs its handler alone: some 200 bytes. Each loop keeps up to 128
    /// spare producers.
    ///
    /// Requests and responses travel between the loop and the pool, so both are `Sendable`. What is not, file regions
    /// and other parts of messages, is made on the loop, in ``ResponseWriter``.
    public final class OrderedPipeline<Request: Sendable, Response: Sendable>: Sendable {
        /// A response, or the failure that took its place.
        @usableFromInline typealias Answer = Result<Response, any Error>

        @usableFromInline let untyped: UntypedPipeline

        /// Requests are answered by `respond` on the threads of `pool`, where it may block.
        ///
        /// - Parameters:
        ///   - pool: Where `respond` runs; shared fairly by all connections, and by whoever else produces on it.
        ///   - window: How many requests of one connection may be outstanding, at least 1. While it is full nothing is
        ///     read from that connection, which is how a fast client is held back.
        ///   - onError: Makes the response for a request whose `respond` threw. Without it the connection is closed
        ///     instead, after the responses to all earlier requests were written; the error goes through the channel's
        ///     pipeline first, as `errorCaught`.
        ///   - write: Writes one response, on the connection's loop; by default the response itself is what the next
        ///     handler gets.
        ///   - respond: Answers one request.
        /// - Throws: `ProducerError.invalidConfiguration` where `window` is out of range.
        @inlinable
        public init(
            pool: WorkerPool = .shared, window: Int = 128, onError: (@Sendable (any Error, Request) -> Response)? = nil,
            write: @escaping @Sendable (Response, ResponseWriter) -> Void = { $1.write($0) },
            respond: @escaping @Sendable (Request) throws -> Response
        ) throws {
            let answer: @Sendable (Request) -> Answer = { request in
                do {
                    return .success(try respond(request))
                } catch {
                    return onError.map { .success($0(error, request)) } ?? .failure(error)
                }
            }
            untyped = try UntypedPipeline(window: window) { delivery, seat in
                let transform = try OrderedTransform<Request, Answer, Never>(
                    pool: pool, configuration: ProducerConfiguration(window: window), transform: answer)
                let turns = delivery.turns
                try turns.admit(
                    transform.start(on: turns.queue, keeping: turns, callbacks: seat.callbacks) { answer in
                        seat.deliver(answer, to: write)
                    })
                let reader = RequestReader<Request>()
                let ask: PipelineLine.Ask = { count, requests in
                    try transform.produce(atMost: count) { reader.next(of: &requests) } == count
                }
                return (ask, transform)
            }
        }

        /// Requests are answered by `respond` in tasks of their own: at most `window` for each connection.
        ///
        /// Otherwise as the form for synchronous functions. A task is not cancelled when its connection goes; its
        /// response is discarded.
        @inlinable
        public init(
            window: Int = 128, onError: (@Sendable (any Error, Request) -> Response)? = nil,
            write: @escaping @Sendable (Response, ResponseWriter) -> Void = { $1.write($0) },
            respond: @escaping @Sendable (Request) async throws -> Response
        ) throws {
            let answer: @Sendable (Request) async -> Answer = { request in
                do {
                    return .success(try await respond(request))
                } catch {
                    return onError.map { .success($0(error, request)) } ?? .failure(error)
                }
            }
            untyped = try UntypedPipeline(window: window) { delivery, seat in
                let items = try OrderedItemProducer<Answer, Never>(configuration: ProducerConfiguration(window: window))
                let turns = delivery.turns
                try turns.admit(
                    items.start(on: turns.queue, keeping: turns, callbacks: seat.callbacks) { answer in
                        seat.deliver(answer, to: write)
                    })
                let reader = RequestReader<Request>()
                let ask: PipelineLine.Ask = { count, requests in
                    for _ in 0..<count {
                        guard let request = reader.next(of: &requests),
                            case .accepted = try items.tryProduceItem(asTask: { await answer(request) })
                        else { return false }
                    }
                    return true
                }
                return (ask, items)
            }
        }

        /// Ends the pipeline: what is outstanding is still answered, and connections that ask for more are closed.
        ///
        /// `WorkerPool.shutdown()` waits for all producers, the spare ones of a pipeline too: call this first, or drop
        /// the pipeline and its connections. Idle connections stay open until they ask; close them as a server closes
        /// any, for example by `ServerQuiescingHelper`. Idempotent; any thread.
        public func shutDown() { untyped.shutDown() }
    }
#endif
