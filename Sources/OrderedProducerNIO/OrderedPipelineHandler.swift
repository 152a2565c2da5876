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
    /// - While the window is full, or the channel is not writable because the client does not read, nothing is read.
    ///   Requests that one read brought too many are kept until there is room.
    /// - Where the client closes its half (`allowRemoteHalfClosure`), the server is quiescing
    ///   (`ChannelShouldQuiesceEvent`), or a handler before this one reports an error, what was received is answered,
    ///   and then the connection closes.
    /// - Where the connection is lost, requests that were not begun are not begun, and later responses are discarded.
    /// - A handler that is removed by `removeHandler` first writes the responses to what was asked; requests that it
    ///   did not ask for yet go on to the next handler.
    ///
    /// For HTTP/1.1 put `NIOHTTPServerRequestAggregator` before it, and no `HTTPServerPipelineHandler`
    /// (`withPipeliningAssistance: false`), which lets one request through at a time. Handlers that answer of their own
    /// accord do so out of turn: leave out NIO's for malformed requests (`withErrorHandling: false`); the aggregator's
    /// 413 is one, too.
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
        var phase = ConnectionPhase.open
        /// Somebody asked for the handler's removal.
        var removal: ChannelHandlerContext.RemovalToken?
        /// A `read` was held back.
        var owesRead = false
        /// The last part so far: it is written with a promise when its batch is flushed.
        private var unsent: NIOAny?
        /// Batches that were flushed and are not out yet: the connection must not close before.
        private var batchesOnTheirWay = 0

        /// A handler for one connection, whose requests `pipeline` answers.
        public init<Request, Response>(_ pipeline: OrderedPipeline<Request, Response>) {
            self.pipeline = pipeline.untyped
        }

        // MARK: Requests

        /// A request. It is begun with those that come with it, at the latest when the read is complete.
        public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard phase.keeps else { return }
            kept.append(data)
            askForMany()
        }

        /// Begins what was read.
        public func channelReadComplete(context: ChannelHandlerContext) {
            askForKept()
            context.fireChannelReadComplete()
        }

        var mayAsk: Bool {
            guard phase.asks, outstanding < pipeline.window, let context else { return false }
            return context.channel.isWritable
        }

        /// Asks for several at once, where there is room: asking wakes the pool, which costs as much as a response
        /// where it happens for each. What is outstanding keeps the pool busy while as many again gather.
        @usableFromInline
        func askForMany() {
            if min(kept.count, pipeline.window - outstanding) >= max(16, outstanding) { askForKept() }
        }

        private func askForKept() {
            guard !kept.isEmpty, mayAsk else { return }
            guard part?.hasEnded == false else { return refuse() }
            let count = min(kept.count, pipeline.window - outstanding)
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
            kept.removeAll()
            guard phase == .open else { return }
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

        /// The next response in order is about to be written, or its failure told; from the line.
        @usableFromInline
        func answerComes() { outstanding -= 1 }

        /// All that was deliverable has been delivered; from the line.
        func answersDelivered() {
            flush()
            if outstanding == 0, let line {
                line.handler = nil
                self.line = nil
                part?.giveBack(line)
            }
            proceed()
        }

        private func flush() {
            guard let last = unsent, let context else { return }
            unsent = nil
            let written = context.eventLoop.makePromise(of: Void.self)
            batchesOnTheirWay += 1
            written.futureResult.assumeIsolated().whenComplete { [self] _ in
                batchesOnTheirWay -= 1
                closeIfWritten()
            }
            context.write(last, promise: written)
            context.flush()
        }

        /// Does what waits for room, or for the last response.
        func proceed() {
            askForKept()
            // Not in the middle of the last response, one of whose parts may have filled the channel's buffer: the line
            // is given back behind it.
            switch phase {
            case .finishing where outstanding == 0 && line == nil && kept.isEmpty:
                phase = .closing
                flush()
                closeIfWritten()
            case .leaving where outstanding == 0 && line == nil:
                leave()
            default:
                readIfOwed()
            }
        }

        // MARK: Endings

        /// There is no answer to the next request: the earlier ones are written, and the connection closes.
        @usableFromInline
        func fail(_ error: any Error) {
            flush()
            context?.fireErrorCaught(error)
            closeAfterThisResponse()
        }

        private func closeIfWritten() {
            // What the last response wrote may still be here: it is flushed in a task of its own.
            if phase == .closing, unsent == nil, batchesOnTheirWay == 0 { context?.close(promise: nil) }
        }

        /// Nobody is interested in what is outstanding any more.
        private func abandon() {
            kept.removeAll()
            outstanding = 0
            line?.handler = nil
            line = nil
        }

        func connectionIsOver() {
            phase = .over
            unsent = nil
            owesRead = false
            abandon()
        }

        /// Goes from the channel's pipeline, as somebody asked.
        func leave() {
            guard let context, let removal else { return }
            self.removal = nil
            phase = .over
            flush()
            if !kept.isEmpty {
                while let request = kept.next() { context.fireChannelRead(request) }
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
            guard let context else { return }
            let earlier = unsent.take()
            unsent = part
            if let earlier { context.write(earlier, promise: nil) }
        }

        @usableFromInline
        func closeAfterThisResponse() {
            guard phase.keeps else { return }
            phase = .closing
            abandon()
            // Not before the parts that the present response may still write.
            context?.eventLoop.assumeIsolated().execute { [self] in
                flush()
                closeIfWritten()
            }
        }
    }

    @available(*, unavailable)
    extension OrderedPipelineHandler: Sendable {}
#endif
