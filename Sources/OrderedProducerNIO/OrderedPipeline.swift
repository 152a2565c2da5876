// SPDX-License-Identifier: Apache-2.0
#if NIO
    internal import NIOCore
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
    /// One pipeline serves all connections of all loops; each connection gets an ``OrderedPipelineHandler``. A connection
    /// borrows a producer (a few KiB) from the pipeline while it has requests outstanding, and gives it back when all are
    /// answered, so an idle connection costs its handler alone: some 200 bytes. Each loop keeps up to 128 spare producers.
    ///
    /// Requests and responses travel between the loop and the pool, so both are `Sendable`. What is not, file regions and other
    /// parts of messages, is made on the loop, in ``ResponseWriter``.
    public final class OrderedPipeline<Request: Sendable, Response: Sendable>: Sendable {
        /// A response, or the failure that took its place.
        typealias Answer = Result<Response, any Error>

        enum Work: Sendable {
            case onPool(WorkerPool, @Sendable (Request) -> Answer)
            case asTasks(@Sendable (Request) async -> Answer)
        }

        let work: Work
        let window: Int
        let write: @Sendable (Response, ResponseWriter) -> Void
        /// Enough to pay for waking the pool, and few enough to keep it busy while the next gather.
        var askedAtOnce: Int { min(32, max(1, window / 2)) }
        private let loops = Locked(Loops<Request, Response>())

        /// Requests are answered by `respond` on the threads of `pool`, where it may block.
        ///
        /// - Parameters:
        ///   - pool: Where `respond` runs; shared fairly by all connections, and by whoever else produces on it.
        ///   - window: How many requests of one connection may be outstanding, at least 1. While it is full nothing is read
        ///     from that connection, which is how a fast client is held back.
        ///   - onError: Makes the response for a request whose `respond` threw. Without it the connection is closed instead,
        ///     after the responses to all earlier requests were written; the error goes through the channel's pipeline first,
        ///     as `errorCaught`.
        ///   - write: Writes one response, on the connection's loop; by default the response itself is what the next handler
        ///     gets.
        ///   - respond: Answers one request.
        /// - Throws: `ProducerError.invalidConfiguration` where `window` is out of range.
        public init(
            pool: WorkerPool = .shared, window: Int = 64, onError: (@Sendable (any Error, Request) -> Response)? = nil,
            write: @escaping @Sendable (Response, ResponseWriter) -> Void = { $1.write($0) },
            respond: @escaping @Sendable (Request) throws -> Response
        ) throws {
            self.window = try Self.validated(window)
            self.write = write
            work = .onPool(pool) { request in
                do {
                    return .success(try respond(request))
                } catch {
                    return onError.map { .success($0(error, request)) } ?? .failure(error)
                }
            }
        }

        /// Requests are answered by `respond` in tasks of their own: at most `window` for each connection.
        ///
        /// Otherwise as the form for synchronous functions. A task is not cancelled when its connection goes; its response is
        /// discarded.
        public init(
            window: Int = 64, onError: (@Sendable (any Error, Request) -> Response)? = nil,
            write: @escaping @Sendable (Response, ResponseWriter) -> Void = { $1.write($0) },
            respond: @escaping @Sendable (Request) async throws -> Response
        ) throws {
            self.window = try Self.validated(window)
            self.write = write
            work = .asTasks { request in
                do {
                    return .success(try await respond(request))
                } catch {
                    return onError.map { .success($0(error, request)) } ?? .failure(error)
                }
            }
        }

        private static func validated(_ window: Int) throws -> Int {
            guard (1...1 << 30).contains(window) else {
                throw ProducerError.invalidConfiguration("window is \(window); it must be 1 to \(1 << 30)")
            }
            return window
        }

        /// Ends the pipeline: what is outstanding is still answered, and connections that ask for more are closed.
        ///
        /// `WorkerPool.shutdown()` waits for all producers, the spare ones of a pipeline too: call this first, or drop the
        /// pipeline and its connections. Idle connections stay open until they ask; close them as a server closes any, for
        /// example by `ServerQuiescingHelper`. Idempotent; any thread.
        public func shutDown() {
            for part in loops.withLock({ $0.end() }) {
                part.eventLoop.execute { part.value.end() }
            }
        }

        /// This pipeline's part on the loop of the caller.
        func part(on eventLoop: any EventLoop) throws -> PipelineLoop<Request, Response> {
            // One answer for a loop: all its handlers ask on that loop.
            if let part = loops.withLock({ $0.part(on: eventLoop) }) { return part.value }
            let part = try PipelineLoop(work: work, window: window, eventLoop: eventLoop)
            let bound = NIOLoopBound(part, eventLoop: eventLoop)
            if loops.withLock({ $0.add(bound) }) { part.end() }
            return part
        }
    }

    /// The parts of a pipeline, by loop.
    private struct Loops<Request: Sendable, Response: Sendable> {
        typealias Part = NIOLoopBound<PipelineLoop<Request, Response>>

        // A part keeps its loop, so that no other can get its identity.
        private var parts: [ObjectIdentifier: Part] = [:]
        private var hasEnded = false

        func part(on eventLoop: any EventLoop) -> Part? { parts[ObjectIdentifier(eventLoop)] }

        /// Whether the pipeline has ended already.
        mutating func add(_ part: Part) -> Bool {
            if !hasEnded { parts[ObjectIdentifier(part.eventLoop)] = part }
            return hasEnded
        }

        mutating func end() -> [Part] {
            hasEnded = true
            defer { parts = [:] }
            return Array(parts.values)
        }
    }
#endif
