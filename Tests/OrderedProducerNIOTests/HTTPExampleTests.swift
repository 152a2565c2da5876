// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOHTTP1
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    /// The server that README.md shows, as clients see it.
    @Suite(.endsWithin(minutes: 2)) struct HTTPExampleTests {
        /// The content of a reply is the request's path and body. The reply to `/held` waits for `goOn`, and `begun`
        /// tells that it does.
        private struct Example: Sendable {
            let begun = Gate()
            let goOn = Gate()

            func with(_ body: (TextClient) async throws -> Void) async throws {
                try await withLoop { loop in
                    try await withExampleServer(on: loop, content: content) { address in
                        let client = try await TextClient(to: address, on: loop)
                        try await body(client)
                        goOn.open()
                        try? await client.close()
                    }
                }
            }

            private var content: @Sendable (NIOHTTPServerRequestFull) throws -> ByteBuffer {
                { [begun, goOn] request in
                    if request.head.uri == "/held" {
                        begun.open()
                        goOn.wait()
                    }
                    let body = request.body.map { $0.readableBytes < 100 ? String(buffer: $0) : "long" } ?? ""
                    return ByteBuffer(string: "<\(request.head.uri) \(body)>")
                }
            }
        }

        private let example = Example()
        private let tooLong = (1 << 20) + 1

        private func get(_ path: String, _ version: String = "1.1", _ header: String = "a: b") -> String {
            "GET \(path) HTTP/\(version)\r\nhost: a\r\n\(header)\r\n\r\n"
        }

        /// The status codes and contents, in their order.
        private func outline(_ text: String) -> [String] {
            text.matches(of: /HTTP\/1\.[01] (\d+)|<([^>]*)>/).map { "\($0.output.1 ?? $0.output.2 ?? "")" }
        }

        @Test(arguments: [
            ("1.1", "Connection: close"), ("1.1", "connection: Close"), ("1.0", "a: b"),
            ("1.0", "Connection: keep-alive"),
        ])
        func aConnectionThatIsToCloseDoes(version: String, header: String) async throws {
            try await example.with { client in
                try await client.send(get("/1") + get("/2", version, header) + get("/3"))
                let text = await client.receivedUntilClosed()
                #expect(outline(text) == ["200", "/1 ", "200", "/2 "])
            }
        }

        @Test func aConnectionThatIsToStayDoes() async throws {
            try await example.with { client in
                try await client.send(get("/1"))
                #expect(outline(await client.received(until: ">")) == ["200", "/1 "])
                try await client.send(get("/2"))
                #expect(outline(await client.received(until: "/2 >")) == ["200", "/1 ", "200", "/2 "])
            }
        }

        /// It is written when the earlier request is answered, though it was due long before.
        @Test func continueComesInTurn() async throws {
            try await example.with { client in
                let expecting = "POST /posted HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-Continue\r\n\r\n"
                try await client.send(get("/held") + expecting)
                await example.begun.opened()
                example.goOn.open()
                let text = await client.received(until: "100 Continue\r\n\r\n")
                #expect(outline(text) == ["200", "/held ", "100"])
                try await client.send("hello" + get("/after"))
                let all = await client.received(until: "/after >")
                #expect(outline(all) == ["200", "/held ", "100", "200", "/posted hello", "200", "/after "])
            }
        }

        /// Both as it is announced and as it is received; the connection goes on behind it.
        @Test(arguments: [false, true]) func tooLargeComesInTurn(isChunked: Bool) async throws {
            try await example.with { client in
                let content = String(repeating: "x", count: tooLong)
                let chunks = "3\r\nabc\r\n\(String(tooLong, radix: 16))\r\n\(content)\r\n0\r\n\r\n"
                let body =
                    isChunked
                    ? "transfer-encoding: chunked\r\n\r\n\(chunks)" : "content-length: \(tooLong)\r\n\r\n\(content)"
                try await client.send(get("/held") + "POST /long HTTP/1.1\r\nhost: a\r\n" + body + get("/after"))
                await example.begun.opened()
                example.goOn.open()
                let text = await client.received(until: "/after >")
                #expect(outline(text) == ["200", "/held ", "413", "200", "/after "])
            }
        }

        /// Nobody knows whether the body will come: what follows cannot be understood.
        @Test func tooLargeInsteadOfContinueIsTheEnd() async throws {
            try await example.with { client in
                let head =
                    "POST /long HTTP/1.1\r\nhost: a\r\ncontent-length: \(tooLong)\r\nexpect: 100-continue\r\n\r\n"
                try await client.send(get("/held") + head)
                await example.begun.opened()
                example.goOn.open()
                let text = await client.receivedUntilClosed()
                #expect(outline(text) == ["200", "/held ", "413"])
                #expect(text.contains("connection: close\r\n\r\n"))
            }
        }

        @Test func malformedComesInTurn() async throws {
            try await example.with { client in
                try await client.send(get("/held") + get("/1") + "no request\r\n\r\n" + get("/after"))
                await example.begun.opened()
                example.goOn.open()
                let text = await client.receivedUntilClosed()
                #expect(outline(text) == ["200", "/held ", "200", "/1 ", "400"])
            }
        }

        @Test func bodiesAreWhole() async throws {
            try await example.with { client in
                let chunked = "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\ntrailer: 1\r\n\r\n"
                try await client.send("POST /chunked HTTP/1.1\r\nhost: a\r\n" + chunked)
                #expect(outline(await client.received(until: ">")) == ["200", "/chunked hello world"])
                let content = String(repeating: "y", count: tooLong - 1)
                try await client.send(
                    "POST /longest HTTP/1.1\r\nhost: a\r\ncontent-length: \(tooLong - 1)\r\n\r\n\(content)")
                let text = await client.received(until: "/longest")
                #expect(outline(text) == ["200", "/chunked hello world", "200", "/longest long"])
            }
        }
    }
#endif
