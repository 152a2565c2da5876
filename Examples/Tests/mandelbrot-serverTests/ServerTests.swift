// SPDX-License-Identifier: Apache-2.0
#if Server
    import Testing

    @testable import mandelbrot_server

    /// What is asked for is answered.
    @Suite(.serialized, .endsWithin(minutes: 5)) struct ServerTests {
        @Test(arguments: [
            Mandelbrot(width: 1, re: 0, im: 0, span: 1, iterations: 1),
            Mandelbrot(width: 300, re: -0.5, im: 0, span: 3.5, iterations: 200),
            Mandelbrot(width: 64, re: -0.743643887, im: 0.131825904, span: 1e-5, iterations: 1000),
        ])
        func anImageHasThePixelsThatOneThreadComputes(image: Mandelbrot) async throws {
            try await TestServer.with { server in
                let answer = try await server.get(image.path)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "image/png")
                let decoded = try DecodedImage(answer.body)
                #expect(decoded.width == image.width)
                #expect(decoded.height == image.height)
                #expect(decoded.pixels == image.pixels)
            }
        }

        @Test func everyBadQueryIsAnswered400WithASentence() async throws {
            try await TestServer.with { server in
                // What no client could put into a request line is for the parser's own tests.
                let bad = ImageQueryTests.bad.filter { $0.query.utf8.allSatisfy { (33...126).contains($0) } }
                try await server.client { client in
                    for (query, word) in bad {
                        let answer = try client.get("/mandelbrot.png?\(query)")
                        #expect(answer.status == 400, "\(query)")
                        #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
                        #expect(answer.text.contains(word), "\(answer.text)")
                        #expect(answer.text.hasSuffix(".\n"))
                    }
                }
                #expect(
                    server.metric("mandelbrot_requests_total{route=\"/mandelbrot.png\",status=\"400\"}")
                        == Double(bad.count))
                #expect(server.metric("mandelbrot_rows_total") == 0)
            }
        }

        @Test func oneConnectionServesOneImageAfterTheOther() async throws {
            try await TestServer.with { server in
                let files = try await server.client { client in
                    // Both requests before the first answer: HTTP's pipelining.
                    try client.ask(Mandelbrot.small.path)
                    try client.ask("/healthz")
                    try client.ask(Mandelbrot.small.path)
                    return [try client.answer().body, try client.answer().body, try client.answer().body]
                }
                #expect(try DecodedImage(files[0]).pixels == Mandelbrot.small.pixels)
                #expect(files[1] == Array("ok\n".utf8))
                #expect(try DecodedImage(files[2]).pixels == Mandelbrot.small.pixels)
            }
        }

        @Test func theHeadAloneComputesNothing() async throws {
            try await TestServer.with { server in
                let answer = try await server.get(Mandelbrot.small.path, method: "HEAD")
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "image/png")
                #expect(server.metric("mandelbrot_rows_total") == 0)
                #expect(try await server.get("/mandelbrot.png?width=x", method: "HEAD").status == 400)
            }
        }

        @Test func thePageIsThere() async throws {
            try await TestServer.with { server in
                let answer = try await server.get("/")
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
                #expect(answer.text.hasPrefix("<!doctype html>"))
                #expect(answer.text.contains("/mandelbrot.png?"))
            }
        }

        @Test func whatIsNotThereIsRefusedWithASentence() async throws {
            try await TestServer.with { server in
                let missing = try await server.get("/mandelbrot.gif")
                #expect(missing.status == 404)
                #expect(missing.text.hasPrefix("There are /, "))
                let posted = try await server.get("/mandelbrot.png", method: "POST")
                #expect(posted.status == 405)
                #expect(posted.headers["allow"] == "GET, HEAD")
                #expect(server.metric("mandelbrot_requests_total{route=\"NotFound\",status=\"404\"}") == 1)
            }
        }

        @Test func theMetricsAreValidAndCount() async throws {
            try await TestServer.with { server in
                _ = try await server.get(Mandelbrot.small.path)
                let answer = try await server.get("/metrics")
                #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                let samples = try PrometheusParser.samples(answer.text)
                func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
                    samples.first { $0.name == name && $0.labels == labels }?.value
                }
                #expect(value("mandelbrot_rows_total") == Double(Mandelbrot.small.height))
                #expect(value("mandelbrot_images_total", ["outcome": "sent"]) == 1)
                #expect(value("mandelbrot_images_total", ["outcome": "failed"]) == 0)
                #expect(value("mandelbrot_images_in_progress") == 0)
                let strips = ["producer": "strips", "pool": "row"]
                let count = Strip.all(of: .small).count
                #expect(value("ordered_producer_items_delivered", strips) == Double(count))
                #expect(value("ordered_producer_items_outstanding", strips) == 0)
                let pieces = ["producer": "pieces", "pool": "hand-over"]
                #expect(try #require(value("ordered_producer_items_delivered", pieces)) >= 2)
                #expect(value("mandelbrot_first_piece_seconds_count") == 1)
                #expect(value("mandelbrot_image_seconds_bucket", ["le": "+Inf"]) == 1)
                #expect(value("mandelbrot_requests_total", ["route": "/mandelbrot.png", "status": "200"]) == 1)
            }
        }

        @Test(arguments: ["GET / HTTP/9.9\r\n\r\n", "nonsense\r\n\r\n", "GET /mandelbrot.png\u{0} HTTP/1.1\r\n\r\n"])
        func whatIsNoHTTPDoesNotEndTheServer(request: String) async throws {
            try await TestServer.with { server in
                _ = try? await server.client { client in
                    try client.send(request)
                    _ = try client.answer()
                }
                let health = try await server.get("/healthz")
                #expect(health.text == "ok\n")
            }
        }
    }
#endif
