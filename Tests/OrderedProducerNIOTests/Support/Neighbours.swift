// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import OrderedProducerNIO

    // The handlers before and behind the pipeline's in a test.

    /// What happens to the socket in front of all handlers, as an outbound event.
    enum Socket: Sendable {
        case full, roomy
        case refuses(Set<Int>)
    }

    final class Front: ChannelOutboundHandler {
        typealias OutboundIn = Int
        private let log: Log<Note>
        private var held: [(data: NIOAny, promise: EventLoopPromise<Void>?)]?

        init(_ log: Log<Note>) { self.log = log }

        func read(context: ChannelHandlerContext) {
            log.add(.read)
            context.read()
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            log.add(.write(unwrapOutboundIn(data)))
            guard held == nil else { return held!.append((data, promise)) }
            context.write(data, promise: promise)
        }

        /// As a socket whose buffer is full, until it is not any more.
        func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
            switch event as? Socket {
            case .full: held = []
            case .refuses(let parts):
                for (data, promise) in held ?? [] {
                    let part = unwrapOutboundIn(data)
                    if parts.contains(part) { promise?.fail(TestError(value: part)) }
                }
                held?.removeAll { parts.contains(unwrapOutboundIn($0.data)) }
            case .roomy, nil:
                let out = held ?? []
                held = nil
                for (data, promise) in out { context.writeAndFlush(data, promise: promise) }
            }
            promise?.succeed()
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            log.add(.close)
            let lost = held ?? []
            held = nil
            context.close(mode: mode, promise: promise)
            for (_, promise) in lost { promise?.fail(ChannelError.ioOnClosedChannel) }
        }

        func flush(context: ChannelHandlerContext) {
            log.add(.flush)
            context.flush()
        }
    }

    /// As a socket's, which says within a write that it is full.
    final class Buffer: ChannelOutboundHandler {
        typealias OutboundIn = Int
        private let last: Int

        init(isFullWith last: Int) { self.last = last }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let part = unwrapOutboundIn(data)
            context.write(data, promise: promise)
            guard part == last, let channel = context.channel as? NIOAsyncTestingChannel else { return }
            channel.isWritable = false
            context.fireChannelWritabilityChanged()
        }
    }

    /// Tells when the client has closed its half.
    final class InputEnd: ChannelInboundHandler {
        typealias InboundIn = NIOAny
        private let gate: Gate

        init(_ gate: Gate) { self.gate = gate }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { gate.open() }
        }
    }

    final class Back: ChannelInboundHandler {
        typealias InboundIn = Job
        private let log: Log<Note>

        init(_ log: Log<Note>) { self.log = log }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { log.add(.passed(unwrapInboundIn(data).value)) }
        func channelInactive(context: ChannelHandlerContext) { log.add(.inactive) }
        func channelWritabilityChanged(context: ChannelHandlerContext) { log.add(.writability) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { log.add(.error("\(error)")) }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            log.add(.event(event is ResponseInTurn ? "ResponseInTurn" : "\(event)"))
        }
    }
#endif
