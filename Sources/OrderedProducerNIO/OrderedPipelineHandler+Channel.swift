// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore

    // What the channel tells a handler, besides its requests.

    extension OrderedPipelineHandler {
        /// From here on the connection is served.
        public func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
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
            self.context = nil
        }

        /// The connection is lost: what is outstanding is discarded.
        public func channelInactive(context: ChannelHandlerContext) {
            connectionIsOver()
            context.fireChannelInactive()
            leave()
        }

        /// Leaves as soon as what was asked for is answered.
        public func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
            removal = removalToken
            switch phase {
            case .open, .finishing:
                phase = .leaving
                proceed()
            case .over:
                leave()
            case .leaving, .closing:
                break  // it goes with the connection, or is going already
            }
        }

        /// Passes all events on, and finishes after those that say that no more requests are wanted.
        public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            context.fireUserInboundEventTriggered(event)
            if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { finish() }
        }

        /// Passes the error on, and finishes: what follows a malformed request cannot be understood.
        public func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.fireErrorCaught(error)
            finish()
        }

        /// No more requests are expected.
        func finish() {
            guard phase == .open else { return }
            phase = .finishing
            proceed()
        }

        /// Goes on, where the client reads again.
        public func channelWritabilityChanged(context: ChannelHandlerContext) {
            context.fireChannelWritabilityChanged()
            proceed()
        }

        /// Reads now, or as soon as there is room in the window.
        public func read(context: ChannelHandlerContext) {
            owesRead = true
            readIfOwed()
        }

        func readIfOwed() {
            guard owesRead, phase == .open, kept.isEmpty, mayAsk else { return }
            owesRead = false
            context?.read()
        }
    }
#endif
