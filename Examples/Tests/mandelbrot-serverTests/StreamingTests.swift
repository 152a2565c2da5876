// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOCore
    import Testing

    @testable import mandelbrot_server

    /// What is on its way: early rows, clients that leave or stand still, too many of them, the end of the server.
    @Suite(.serialized, .endsWithin(minutes: 5)) struct StreamingTests {
        private static let image = Mandelbrot(width: 300, re: -0.5, im: 0, span: 3.5, iterations: 50)

        @Test func theFirstRowsArriveBeforeTheLastAreComputed() async throws {
            // The first whole strips with enough rows to be flushed.
            let height = Strip.height(of: Self.image)
            let first = (RowEncoder.rowsPerFlush + height - 1) / height * height
            let gate = RowGate(holdingFrom: first)
            try await TestServer.with(row: gate.row) { server in
                let file = try await server.client { client in
                    try client.ask(Self.image.path)
                    #expect(try client.head().status == 200)
                    var file: [UInt8] = []
                    // The head of the file, and then rows.
                    for _ in 0..<2 { file += try #require(try client.chunk()) }
                    #expect(gate.finished == first)
                    gate.open()
                    while let chunk = try client.chunk() { file += chunk }
                    return file
                }
                #expect(try DecodedImage(file).pixels == Self.image.pixels)
            }
        }

        /// Waiting for rows that nobody sends anything of: only the closing of the connection can tell.
        @Test(arguments: [false, true]) func aClientThatLeavesEndsTheComputation(reset: Bool) async throws {
            let gate = RowGate(holdingFrom: 10)
            try await TestServer.with(threads: 2, row: gate.row) { server in
                try await server.client { client in
                    try client.ask(Self.image.path)
                    _ = try client.head()
                    gate.waitUntilBegun(12)
                    if reset { client.reset() } else { client.leave() }
                }
                // The rows that are being computed are held until the departure was noticed.
                try await server.wait(for: "mandelbrot_departures_total") { $0 == 1 }
                gate.open()
                try await server.wait(for: "mandelbrot_images_total{outcome=\"abandoned\"}") { $0 == 1 }
                #expect(gate.begun == 12)
                #expect(server.metric("mandelbrot_rows_total") == 12)
                #expect(server.metric("mandelbrot_images_in_progress") == 0)
                #expect(try await server.get("/healthz").status == 200)
            }
        }

        /// While one client reads nothing, others get theirs; then it gets its own, whole.
        @Test func aSlowReaderHoldsUpItsOwnImageOnly() async throws {
            let image = Mandelbrot(width: 2400, re: 0, im: 0, span: 1, iterations: 1)
            let small = Mandelbrot.small
            let noise = Noise()
            try await TestServer.with(row: { $0.width == image.width ? noise.row($0, $1) : $0.row($1) }) { server in
                async let slow = server.blocking {
                    let client = try Client(port: server.port, receiveBuffer: 4096)
                    try client.ask(image.path)
                    _ = try client.head()
                    noise.waitUntilReleased()
                    var file: [UInt8] = []
                    while let chunk = try client.chunk() { file += chunk }
                    return file
                }
                // 11 MB are far more than the system keeps for a connection. It has come to a stop where ten others are
                // computed and none of its rows.
                var computed = 0
                var unchanged = 0
                while computed == 0 || unchanged < 10 {
                    let answer = try await server.get(small.path)
                    #expect(try DecodedImage(answer.body).pixels == small.pixels)
                    unchanged = noise.computed == computed ? unchanged + 1 : 0
                    computed = noise.computed
                }
                #expect(computed < image.height)
                noise.release()
                let pixels = try await DecodedImage(slow).pixels
                #expect(pixels == (0..<image.height).flatMap { Noise.bytes(image, $0) })
            }
        }

        @Test func whoTakesNothingForTooLongIsCutOff() async throws {
            var limits = Limits()
            limits.stall = .milliseconds(100)
            let image = Mandelbrot(width: 2400, re: 0, im: 0, span: 1, iterations: 1)
            try await TestServer.with(limits: limits, row: Noise.bytes) { server in
                try await server.blocking {
                    let client = try Client(port: server.port, receiveBuffer: 4096)
                    try client.ask(image.path)
                    _ = try client.head()
                    // Not a byte more is read until the server has given up.
                    while server.metric("mandelbrot_images_total{outcome=\"stalled\"}") != 1 {}
                    #expect(throws: Client.Failure.self) { while try client.chunk() != nil {} }
                }
                #expect(try #require(server.metric("mandelbrot_rows_total")) < Double(image.height))
            }
        }

        @Test func manyClientsShareOnePool() async throws {
            let clients = 100
            let images = (1...clients).map {
                Mandelbrot(width: 30 + $0 % 7, re: -0.5 + Double($0) / 1000, im: 0, span: 3, iterations: 50)
            }
            try await TestServer.with(clients: clients) { server in
                try await withThrowingTaskGroup { group in
                    for image in images {
                        group.addTask {
                            let answer = try await server.get(image.path)
                            #expect(try DecodedImage(answer.body).pixels == image.pixels)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(server.metric("mandelbrot_images_total{outcome=\"sent\"}") == Double(clients))
                #expect(server.metric("mandelbrot_rows_total") == Double(images.reduce(0) { $0 + $1.height }))
            }
        }

        @Test func anImageTooManyIsRefusedUntilThereIsRoom() async throws {
            var limits = Limits()
            limits.images = 2
            let gate = RowGate(holdingFrom: 0)
            try await TestServer.with(limits: limits, row: gate.row) { server in
                async let first = server.get(Self.image.path)
                async let second = server.get(Self.image.path)
                try await server.wait(for: "mandelbrot_images_in_progress") { $0 == 2 }
                let refused = try await server.get(Self.image.path)
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"] == "1")
                #expect(refused.text.hasPrefix("2 images are on their way, no more are taken at once; try again"))
                #expect(try await server.get("/healthz").status == 200)
                gate.open()
                #expect(try await first.status == 200)
                #expect(try await second.status == 200)
                #expect(try await server.get(Self.image.path).status == 200)
                #expect(server.metric("mandelbrot_refusals_total") == 1)
            }
        }

        @Test func imagesOnTheirWayAreFinishedAtTheEnd() async throws {
            let gate = RowGate(holdingFrom: 5)
            try await TestServer.with(row: gate.row) { server in
                async let answer = server.get(Self.image.path)
                try await server.blocking { gate.waitUntilBegun(6) }
                await server.shutDown()
                // From here on nobody is let in.
                try await server.blocking { [port = server.port] in while (try? Client(port: port)) != nil {} }
                gate.open()
                #expect(try await DecodedImage(answer.body).pixels == Self.image.pixels)
            }
        }
    }

    /// Rows that do not compress.
    final class Noise: Sendable {
        private let gate = RowGate(holdingFrom: .max)
        private let reader = RowGate(holdingFrom: 0)

        var computed: Int { gate.finished }

        func row(_ image: Mandelbrot, _ y: Int) -> [UInt8] {
            gate.count()
            return Self.bytes(image, y)
        }

        func release() { reader.open() }
        func waitUntilReleased() { reader.waitUntilOpen() }

        static func bytes(_ image: Mandelbrot, _ y: Int) -> [UInt8] {
            let start = y * 7919 & 0xFFFF
            return Array(source[start..<start + 3 * image.width])
        }

        /// Twice as long as zlib looks back, and a row.
        private static let source: [UInt8] = {
            var random = SystemRandomNumberGenerator()
            return (0..<0x10000 + 3 * 4096).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        }()
    }
#endif
