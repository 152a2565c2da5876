// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore
    public import NIOHTTP1

    /// Makes whole requests of the parts of HTTP/1 requests, for an ``OrderedPipelineHandler`` behind it.
    ///
    /// ```swift
    /// try handlers.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
    /// try handlers.addHandler(OrderedPipelineHTTPAggregator(maxContentLength: 1 << 20))
    /// try handlers.addHandler(OrderedPipelineHandler(pipeline))
    /// ```
    ///
    /// It replaces NIO's `NIOHTTPServerRequestAggregator` and `HTTPServerProtocolErrorHandler`, which write at once,
    /// also while earlier requests are unanswered. What this handler answers itself comes in turn, as
    /// ``ResponseInTurn``:
    ///
    /// - `100 Continue` where the client waits for it before it sends the body (`Expect: 100-continue`).
    /// - `413 Payload Too Large` where the body is longer than `maxContentLength`, as soon as that is known. The body
    ///   is received and dropped, and the connection goes on. It closes where the request is its last, and where the
    ///   client waits for a `100 Continue`, since the body may or may not follow then.
    /// - `400 Bad Request` for what is not HTTP. The error is passed on, and the connection closes.
    ///
    /// Trailers are dropped. Memory: the bodies of requests, each at most `maxContentLength` bytes long.
    public final class OrderedPipelineHTTPAggregator: ChannelInboundHandler, RemovableChannelHandler {
        /// What NIO's decoder makes.
        public typealias InboundIn = HTTPServerRequestPart
        /// The `Request` of the pipeline.
        public typealias InboundOut = NIOHTTPServerRequestFull

        private let maxContentLength: Int
        /// The request of which parts are still to come; nil between two requests, and in one that was refused.
        private var request: NIOHTTPServerRequestFull?

        /// - Parameter maxContentLength: How many bytes the body of a request may have, at least 0.
        public init(maxContentLength: Int) {
            precondition(maxContentLength >= 0, "maxContentLength is \(maxContentLength); it must be 0 or more")
            self.maxContentLength = maxContentLength
        }

        /// One part. The last one of a request sends it to the next handler.
        public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): begin(head, context)
            case .body(let bytes): append(bytes, context)
            case .end:
                guard let whole = request.take() else { return }
                context.fireChannelRead(wrapInboundOut(whole))
            }
        }

        /// Answers what is not HTTP, and passes the error on.
        public func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if error is HTTPParserError { answer(.badRequest, isLast: true, context) }
            context.fireErrorCaught(error)
        }

        private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
            request = NIOHTTPServerRequestFull(head: head, body: nil)
            // What does not fit into an Int is too long; the decoder has seen to it that it is a number.
            let length = head.headers.first(name: "content-length").map { Int($0) ?? .max }
            if let length, length > maxContentLength { return refuse(context) }
            guard head.waitsForContinue else { return }
            context.fireUserInboundEventTriggered(
                ResponseInTurn { connection in
                    connection.write(
                        HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .continue)))
                })
        }

        private func append(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
            guard var body = request?.body.take() ?? request.map({ _ in context.channel.allocator.buffer(capacity: 0) })
            else { return }
            guard bytes.readableBytes <= maxContentLength - body.readableBytes else { return refuse(context) }
            // A copy: what was read may be a small part of a large buffer.
            body.writeImmutableBuffer(bytes)
            request?.body = body
        }

        /// The rest of the request is dropped as it comes.
        private func refuse(_ context: ChannelHandlerContext) {
            guard let head = request.take()?.head else { return }
            let goesOn = head.isKeepAlive && head.version == .http1_1 && !head.waitsForContinue
            answer(.payloadTooLarge, isLast: !goesOn, context)
        }

        private func answer(_ status: HTTPResponseStatus, isLast: Bool, _ context: ChannelHandlerContext) {
            var head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
            if isLast { head.headers.add(name: "connection", value: "close") }
            context.fireUserInboundEventTriggered(
                ResponseInTurn { connection in
                    connection.write(HTTPServerResponsePart.head(head))
                    connection.write(HTTPServerResponsePart.end(nil))
                    if isLast { connection.close() }
                })
        }
    }

    extension HTTPRequestHead {
        /// Whether the client sends the body when it has been told to. Clients of HTTP/1.0 know nothing of that.
        fileprivate var waitsForContinue: Bool {
            guard version == .http1_1 else { return false }
            return headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
        }
    }

    @available(*, unavailable)
    extension OrderedPipelineHTTPAggregator: Sendable {}
#endif
