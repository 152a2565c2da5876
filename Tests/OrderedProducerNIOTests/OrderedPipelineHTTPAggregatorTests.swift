// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOEmbedded
    import NIOHTTP1
    import Testing

    @testable import OrderedProducerNIO

    /// Part by part: which requests come out, and what is answered instead.
    @Suite(.endsWithin(minutes: 2)) struct OrderedPipelineHTTPAggregatorTests {
        private static let limit = 10

        /// The aggregator, a recorder, and behind it a handler that gets the responses and no request.
        private struct Scene {
            let channel = EmbeddedChannel()
            let recorder = Recorder()

            init() throws {
                try channel.pipeline.syncOperations.addHandlers(
                    OrderedPipelineHTTPAggregator(maxContentLength: limit), recorder,
                    OrderedPipelineHandler(FakeLines().pipeline(window: 4)))
                try channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).wait()
            }

            func receive(_ parts: HTTPServerRequestPart...) throws {
                for part in parts { try channel.writeInbound(part) }
            }

            func responses() throws -> [HTTPServerResponsePart] {
                channel.embeddedEventLoop.run()
                var parts: [HTTPServerResponsePart] = []
                while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) { parts.append(part) }
                return parts
            }

            /// Their status codes.
            func answers() throws -> [UInt] {
                try responses().compactMap { if case .head(let head) = $0 { head.status.code } else { nil } }
            }
        }

        private static func head(
            _ headers: [(String, String)] = [], version: HTTPVersion = .http1_1
        ) -> HTTPServerRequestPart {
            .head(HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders(headers)))
        }

        private static func body(_ length: Int) -> HTTPServerRequestPart {
            .body(ByteBuffer(repeating: UInt8(ascii: "."), count: length))
        }

        private static func refusal(_ status: HTTPResponseStatus, isLast: Bool) -> [HTTPServerResponsePart] {
            var head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
            if isLast { head.headers.add(name: "connection", value: "close") }
            return [.head(head), .end(nil)]
        }

        @Test(arguments: [0, limit - 1, limit, limit + 1], [false, true])
        func aBodyMayBeAsLongAsTheLimit(length: Int, isAnnounced: Bool) throws {
            let scene = try Scene()
            try scene.receive(
                Self.head(isAnnounced ? [("content-length", "\(length)")] : [("transfer-encoding", "chunked")]),
                Self.body(length / 2), Self.body(length - length / 2), .end(nil))
            let fits = length <= Self.limit
            #expect(scene.recorder.requests == (fits ? [length] : []))
            #expect(try scene.responses() == (fits ? [] : Self.refusal(.payloadTooLarge, isLast: false)))
            // It goes on in any case.
            try scene.receive(Self.head(), .end(nil))
            #expect(scene.recorder.requests.last == 0)
            #expect(scene.channel.isActive)
        }

        @Test func aLengthThatNoNumberHoldsIsTooLong() throws {
            let scene = try Scene()
            try scene.receive(Self.head([("content-length", "99999999999999999999")]))
            #expect(try scene.responses() == Self.refusal(.payloadTooLarge, isLast: false))
        }

        /// Before the body is there, and once, however much of it comes.
        @Test func tooLongIsToldAsSoonAsItIsKnown() throws {
            let scene = try Scene()
            try scene.receive(Self.head([("content-length", "\(Self.limit + 1)")]))
            #expect(try scene.answers() == [413])
            try scene.receive(Self.body(Self.limit), Self.body(1), .end(nil))
            #expect(try scene.answers() == [])
            #expect(scene.recorder.requests == [])
        }

        @Test(arguments: [
            (HTTPVersion.http1_1, "a", "b", true), (.http1_1, "connection", "close", false),
            (.http1_1, "expect", "100-continue", false), (.http1_0, "connection", "keep-alive", false),
        ])
        func aConnectionGoesOnBehindTooLongWhereItCan(
            version: HTTPVersion, name: String, value: String, goesOn: Bool
        ) throws {
            let scene = try Scene()
            try scene.receive(
                Self.head([(name, value), ("content-length", "\(Self.limit + 1)")], version: version))
            #expect(try scene.responses() == Self.refusal(.payloadTooLarge, isLast: !goesOn))
            #expect(scene.channel.isActive == goesOn)
        }

        /// An interim response has no end.
        @Test(arguments: [
            (HTTPVersion.http1_1, "100-continue", true), (.http1_1, "100-Continue", true),
            (.http1_0, "100-continue", false), (.http1_1, "something", false),
        ])
        func continueIsForThoseWhoWaitForIt(version: HTTPVersion, value: String, isWritten: Bool) throws {
            let scene = try Scene()
            try scene.receive(Self.head([("expect", value), ("content-length", "3")], version: version))
            let interim = HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .continue))
            #expect(try scene.responses() == (isWritten ? [interim] : []))
            try scene.receive(Self.body(3), .end(nil))
            #expect(scene.recorder.requests == [3])
            #expect(try scene.responses() == [])
        }

        @Test func whatIsNotHTTPIsAnsweredAndToldOf() throws {
            let scene = try Scene()
            try scene.receive(Self.head(), Self.body(1))
            scene.channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
            #expect(try scene.responses() == Self.refusal(.badRequest, isLast: true))
            #expect(!scene.channel.isActive)
            #expect(scene.recorder.errors == ["\(HTTPParserError.invalidMethod)"])
        }

        @Test func otherErrorsAreToldOfAlone() throws {
            let scene = try Scene()
            scene.channel.pipeline.fireErrorCaught(TestError(value: 1))
            #expect(try scene.responses() == [])
            #expect(scene.recorder.errors == ["\(TestError(value: 1))"])
        }

        /// Nothing is kept of a request that is complete.
        @Test func partsWithoutAHeadAreDropped() throws {
            let scene = try Scene()
            try scene.receive(Self.body(1), .end(nil), Self.head(), Self.body(2), .end(["trailer": "1"]))
            try scene.receive(Self.body(3), .end(nil))
            #expect(scene.recorder.requests == [2])
            #expect(scene.recorder.headers == [[:]])
            #expect(try scene.responses() == [])
        }
    }

    /// Notes requests, by the length of their bodies, and errors.
    private final class Recorder: ChannelInboundHandler {
        typealias InboundIn = NIOHTTPServerRequestFull
        private(set) var requests: [Int] = []
        private(set) var headers: [HTTPHeaders] = []
        private(set) var errors: [String] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let request = unwrapInboundIn(data)
            requests.append(request.body?.readableBytes ?? 0)
            headers.append(request.head.headers)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            errors.append("\(error)")
            context.fireErrorCaught(error)
        }
    }
#endif
