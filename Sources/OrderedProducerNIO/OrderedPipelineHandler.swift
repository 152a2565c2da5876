// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore
    internal import OrderedProducer

    /// Answers the requests of one connection side by side and writes the responses in the order of the requests.
    ///
    /// For protocols in which a client may send requests without waiting for the responses: HTTP/1.1, the protocols of
    /// Redis and memcached, SMTP. It stands last in the channel's pipeline: requests come in from the handler before
    /// it, and responses go out through it. Requests never wait for their predecessors, only for room in the window of
    /// the ``OrderedPipeline``.
    ///
    /// - Responses that became ready together are flushed once.
    /// - While the channel is not writable because the client does not read, nothing is written to it, read from it, or
    ///   begun: finished responses stay in the window. At most the high-water mark and one response are buffered.
    /// - While the window is full nothing is read. Requests that one read brought too many are kept until there is
    ///   room.
    /// - Where a part of a response cannot be written (an encoder refuses it, say), nothing is written behind it: the
    ///   error goes through the channel's pipeline, and the connection closes when the earlier responses are out.
    /// - Where the client closes its half (`allowRemoteHalfClosure`), the server is quiescing
    ///   (`ChannelShouldQuiesceEvent`), or a handler before this one reports an error, what was received is answered,
    ///   and then the connection closes. A handler that is removed meanwhile stays until then.
    /// - Where the connection is lost, requests that were not begun are not begun, and later responses are discarded.
    /// - A handler that is removed by `removeHandler` first writes the responses to what was asked; requests that it
    ///   did not ask for yet go on to the next handler.
    ///
    /// For HTTP/1.1 put an ``OrderedPipelineHTTPAggregator`` before it, and no `HTTPServerPipelineHandler`
    /// (`withPipeliningAssistance: false`), which lets one request through at a time. Handlers before this one that
    /// answer on their own do so with ``ResponseInTurn``; those that write at once do it out of turn, so leave them out
    /// (`withErrorHandling: false`).
    ///
    /// Errors of other handlers, events and changes of writability are passed on. Used on its channel's loop only.
    public final class OrderedPipelineHandler: ChannelDuplexHandler, RemovableChannelHandler {
        /// The pipeline's `Request`, which the handler before this one makes of the bytes.
        public typealias InboundIn = NIOAny
        /// Requests that a removed handler leaves to the next one.
        public typealias InboundOut = NIOAny
        /// What handlers behind this one write goes through untouched.
        public typealias OutboundIn = NIOAny
        /// The parts that the pipeline's `write` makes of a response.
        public typealias OutboundOut = NIOAny

        let pipeline: UntypedPipeline
        var part: PipelineLoop?
        var context: ChannelHandlerContext?
        /// The producer, while something is outstanding.
        private var line: PipelineLine?
        private var outstanding = 0
        var kept = KeptRequests()
        /// Requests in all, whatever has become of them.
        private var received: UInt64 = 0
        private var inTurn = InTurn()
        var phase = ConnectionPhase.open
        /// Somebody asked for the handler's removal.
        var removal: ChannelHandlerContext.RemovalToken?
        /// A `read` was held back.
        var owesRead = false
        /// The channel is not writable: responses wait in the producer.
        private var isHeld = false
        private var parts = WrittenParts()

        /// A handler for one connection, whose requests `pipeline` answers.
        public init<Request, Response>(_ pipeline: OrderedPipeline<Request, Response>) {
            self.pipeline = pipeline.untyped
        }

        init(_ pipeline: UntypedPipeline) {
            self.pipeline = pipeline
        }

        // MARK: Requests

        /// A request. It is begun with those that come with it, at the latest when the read is complete.
        public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard phase.keeps else { return }
            received += 1
            kept.append(data)
            askForMany()
        }

        /// Begins what was read.
        public func channelReadComplete(context: ChannelHandlerContext) {
            askForKept()
            context.fireChannelReadComplete()
        }

        /// Requests that are answered, or will not be.
        private var answered: UInt64 { received - UInt64(outstanding + kept.count) }

        /// Requests that are kept and fit into the window.
        private var fitting: Int { min(kept.count, pipeline.window - outstanding) }

        /// Whether the next read is passed on. Where requests are kept, there is no room for them.
        var mayRead: Bool { phase == .open && !isHeld && outstanding + inTurn.count < pipeline.window }

        /// Asks for several at once, where there is room: asking wakes the pool, which costs as much as a response
        /// where it happens for each. What is outstanding keeps the pool busy while as many again gather.
        private func askForMany() {
            if fitting >= max(16, outstanding) { askForKept() }
        }

        private func askForKept() {
            let count = fitting
            guard count > 0, !isHeld, phase != .leaving else { return }
            guard part?.hasEnded == false else { return refuse() }
            do {
                let line = try line ?? borrow()
                // Room there is: what is outstanding in the window is counted here.
                guard try line.ask(count, of: &kept) else { throw ProducerError.ended }
                outstanding += count
            } catch {
                fail(error)
            }
        }

        /// The pipeline was shut down: what is outstanding is answered, and the connection closes.
        private func refuse() {
            inTurn.drop(after: answered)
            kept.removeAll()
            context?.fireErrorCaught(ProducerError.ended)
            finish()
        }

        private func borrow() throws -> PipelineLine {
            // Set while the handler is in a channel's pipeline, and requests come from nowhere else.
            let borrowed = try part!.borrow()
            borrowed.handler = self
            line = borrowed
            return borrowed
        }

        // MARK: Responses

        /// The next response in order has been written; from the line.
        @usableFromInline
        func responseIsWritten() {
            outstanding -= 1
            writeInTurn()
            askForMany()
        }

        /// All that was deliverable has been delivered; from the line.
        func answersDelivered() {
            flush()
            if outstanding == 0, let line {
                line.isHeld = false
                line.handler = nil
                self.line = nil
                part?.giveBack(line)
            }
            proceed()
        }

        /// A handler before this one answers.
        func take(_ response: ResponseInTurn) {
            guard phase.keeps else { return }
            inTurn.append(response, turn: received)
            proceed()
        }

        /// Writes the responses of other handlers that are due. None is in the middle of a response: where one has to
        /// wait until the channel is writable, so does the next response.
        private func writeInTurn() {
            while !isHeld, let response = inTurn.next(after: answered) {
                response.write(ResponseWriter(connection: self))
            }
        }

        /// The channel's buffer is full, or has room again.
        func hold(_ isFull: Bool) {
            isHeld = isFull
            line?.isHeld = isFull
        }

        private func flush() {
            guard !parts.areFlushed else { return }
            parts.flush()
            context?.flush()
        }

        /// Does what waits for room, for the last response, or for a turn.
        func proceed() {
            if !isHeld, inTurn.isDue(after: answered) {
                writeInTurn()
                flush()
            }
            askForKept()
            if phase == .finishing, isAnswered, kept.isEmpty { phase = .closing }
            goIfWritten()
            readIfOwed()
        }

        /// Whether there is no response left to write. Never so in the middle of one, whose parts may have filled the
        /// channel's buffer: the line is given back behind the last one.
        private var isAnswered: Bool { line == nil && !inTurn.isDue(after: answered) }

        // MARK: Endings

        /// There is no answer to the next request: the earlier ones are written, and the connection closes.
        @usableFromInline
        func fail(_ error: any Error) {
            context?.fireErrorCaught(error)
            closeAfterThisResponse()
        }

        /// A part cannot be written. The earlier ones are, and the connection closes; at once, where others are behind
        /// it already.
        private func failed(_ number: UInt64, _ error: any Error) {
            let isFirst = !parts.haveFailed
            let isOvertaken = parts.failed(number)
            // Where the connection is lost, all fail that are on their way; it is not their failure.
            guard let context, context.channel.isActive else { return }
            closeAfterThisResponse()
            if isFirst { context.fireErrorCaught(error) }
            if isOvertaken { context.close(promise: nil) }
        }

        /// Closes, or leaves, where that is due and nothing is on its way any more.
        private func goIfWritten() {
            guard parts.areOut else { return }
            switch phase {
            case .closing: context?.close(promise: nil)
            case .leaving where isAnswered: leave()
            default: break
            }
        }

        /// Nobody is interested in what is outstanding any more.
        private func abandon() {
            kept.removeAll()
            inTurn.removeAll()
            outstanding = 0
            line?.handler = nil
            line = nil
        }

        func connectionIsOver() {
            phase = .over
            abandon()
        }

        /// Goes from the channel's pipeline, as somebody asked.
        func leave() {
            guard let context, let removal else { return }
            self.removal = nil
            if !kept.isEmpty {
                while let request = kept.next() {
                    context.fireChannelRead(request)
                    while let response = inTurn.next(after: answered) {
                        context.fireUserInboundEventTriggered(response)
                    }
                }
                context.fireChannelReadComplete()
            }
            if owesRead { context.read() }
            context.leavePipeline(removalToken: removal)
        }
    }

    // What a writer asks of its handler.
    extension OrderedPipelineHandler {
        @usableFromInline
        var allocator: ByteBufferAllocator { context?.channel.allocator ?? ByteBufferAllocator() }

        @usableFromInline
        func write(_ part: consuming NIOAny) {
            guard let context, let number = parts.next() else { return }
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success: parts.isOut()
                case .failure(let error): failed(number, error)
                }
                goIfWritten()
            }
            context.write(part, promise: written)
        }

        @usableFromInline
        func closeAfterThisResponse() {
            guard phase.keeps else { return }
            phase = .closing
            abandon()
            // Not before the parts that the present response may still write.
            context?.eventLoop.assumeIsolated().execute { [self] in
                flush()
                goIfWritten()
            }
        }
    }

    @available(*, unavailable)
    extension OrderedPipelineHandler: Sendable {}
#endif
