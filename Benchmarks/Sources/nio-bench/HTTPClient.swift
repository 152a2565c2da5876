// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix

    /// A connection that sends requests `/0`, `/1` … with so many of them outstanding, and checks that the answers come
    /// in that order. It looks at the bodies' bytes only, so that it costs little beside the server.
    struct HTTPClient {
        struct WrongAnswer: Error, CustomStringConvertible {
            var description: String
        }

        private let channel: any Channel
        private let exchange: NIOLoopBound<Exchange>

        init(to server: SocketAddress, on loop: any EventLoop) async throws {
            (channel, exchange) =
                try await ClientBootstrap(group: loop)
                .connect(to: server) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let exchange = Exchange()
                        try channel.pipeline.syncOperations.addHandler(exchange)
                        return (channel, NIOLoopBound(exchange, eventLoop: channel.eventLoop))
                    }
                }
        }

        /// Returns when all answers are here: how long each took, in nanoseconds, where `noteTimes`.
        @discardableResult
        func ask(_ count: Int, outstanding: Int, noteTimes: Bool = false) async throws -> [UInt64] {
            let exchange = exchange
            return try await channel.eventLoop.flatSubmit {
                exchange.value.begin(count, outstanding: outstanding, noteTimes: noteTimes)
            }.get()
        }

        func close() async throws { try await channel.close() }
    }

    private final class Exchange: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var context: ChannelHandlerContext?
        private var done: EventLoopPromise<[UInt64]>?
        private var total = 0
        private var sent = 0
        private var answered = 0
        private var outstanding = 0
        private var sentAt: [UInt64] = []
        private var times: [UInt64] = []
        private var noteTimes = false
        private var unread = ByteBuffer()

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func begin(_ count: Int, outstanding: Int, noteTimes: Bool) -> EventLoopFuture<[UInt64]> {
            // Called while the connection is open.
            let done = context!.eventLoop.makePromise(of: [UInt64].self)
            (self.done, self.outstanding, self.noteTimes) = (done, outstanding, noteTimes)
            (total, sent, answered, sentAt, times) = (count, 0, 0, [], [])
            send()
            return done.futureResult
        }

        private func send() {
            guard let context else { return }
            let count = min(total - sent, outstanding - (sent - answered))
            // In bursts, as a client that pipelines does.
            guard count > 0, count >= min(outstanding / 2, total - sent) else { return }
            var buffer = context.channel.allocator.buffer(capacity: count * 40)
            for _ in 0..<count {
                buffer.writeString("GET /\(sent) HTTP/1.1\r\nhost: a\r\n\r\n")
                if noteTimes { sentAt.append(Clock.now) }
                sent += 1
            }
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var buffer = unwrapInboundIn(data)
            unread.writeBuffer(&buffer)
            while let number = nextAnswer() {
                guard number == answered else { return fail("answer \(number) came where \(answered) was due") }
                if noteTimes { times.append(Clock.now - sentAt[answered]) }
                answered += 1
            }
            unread.discardReadBytes()
            if answered == total {
                done?.succeed(times)
                done = nil
            } else {
                send()
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            fail("the server closed the connection after \(answered) of \(total) answers")
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { fail("\(error)") }

        private func fail(_ text: String) {
            done?.fail(HTTPClient.WrongAnswer(description: text))
            done = nil
            context?.close(promise: nil)
        }

        /// The number in the next body; nil where it is not all here. A response is its head, an empty line, and
        /// `/number`; the last number of its head, behind the last colon, is the body's length.
        private func nextAnswer() -> Int? {
            let view = unread.readableBytesView
            var (length, newlines) = (0, 0)
            guard
                let headEnd = view.firstIndex(where: { byte in
                    if byte == UInt8(ascii: ":") { length = 0 }
                    if let digit = digit(byte) { length = length &* 10 &+ digit }
                    if byte != UInt8(ascii: "\r") { newlines = byte == UInt8(ascii: "\n") ? newlines + 1 : 0 }
                    return newlines == 2
                })
            else { return nil }
            let body = view[view.index(after: headEnd)...].prefix(length)
            guard body.count == length else { return nil }
            unread.moveReaderIndex(to: unread.readerIndex + view.distance(from: view.startIndex, to: body.endIndex))
            return body.dropFirst().reduce(0) { $0 * 10 + (digit($1) ?? 0) }
        }

        private func digit(_ byte: UInt8) -> Int? {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
        }
    }
#endif
