// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore

    // What the channel tells a handler, besides its requests.

    extension OrderedPipelineHandler {
        /// From here on the connection is served.
        public func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
            hold(!context.channel.isWritable)
            do {
                part = try pipeline.part(on: context.eventLoop)
            } catch {
                // Out of memory, or the child of a fork: nothing can be answered here.
                fail(error)
            }
        }

        /// What is outstanding is discarded.
        public func handlerRemoved(context: ChannelHandlerContext) {
            connectionIsOver()
            // Where the channel has gone, the handler has not left by itself.
            leave()
            self.context = nil
        }

        /// The connection is lost: what is outstanding is discarded.
        public func channelInactive(context: ChannelHandlerContext) {
            connectionIsOver()
            context.fireChannelInactive()
        }

        /// Leaves as soon as what was asked for is answered; where the connection is to close, with it.
        public func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
            removal = removalToken
            // Where the connection is to close, nobody else would do it: the handler goes with it.
            guard phase == .open else { return }
            phase = .leaving
            proceed()
        }

        /// Takes responses of handlers before this one. Passes all other events on, and finishes after those that say
        /// that no more requests are wanted.
        public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let response = event as? ResponseInTurn { return take(response) }
            context.fireUserInboundEventTriggered(event)
            if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { finish() }
        }

        /// Passes the error on, and finishes: what follows a malformed request cannot be understood.
        public func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.fireErrorCaught(error)
            finish()
        }

        /// No more requests are expected. A handler that was to leave stays: whoever would come after it does not know
        /// that the connection has to be closed.
        func finish() {
            guard phase == .open || phase == .leaving else { return }
            phase = .finishing
            proceed()
        }

        /// Responses wait in the window until the client reads again.
        public func channelWritabilityChanged(context: ChannelHandlerContext) {
            hold(!context.channel.isWritable)
            context.fireChannelWritabilityChanged()
            proceed()
        }

        /// Reads now, or as soon as there is room in the window.
        public func read(context: ChannelHandlerContext) {
            owesRead = true
            readIfOwed()
        }

        func readIfOwed() {
            guard owesRead, mayRead else { return }
            owesRead = false
            context?.read()
        }
    }
#endif
