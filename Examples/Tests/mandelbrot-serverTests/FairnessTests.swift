// SPDX-License-Identifier: Apache-2.0
#if Server
    import Synchronization
    import Testing

    @testable import mandelbrot_server

    /// A thousand images at once on one pool, a few of them far larger than the others.
    @Suite(.serialized, .endsWithin(minutes: 5)) struct FairnessTests {
        private static let small = (0..<1000).map {
            Mandelbrot(width: 30, re: -0.5 + Double($0) / 1000, im: 0, span: 3, iterations: 50)
        }
        /// Strips of one row, more than five times what a turn of the pool can be.
        private static let large = (0..<4).map {
            Mandelbrot(width: Strip.pixels + 1, re: Double($0), im: 0, span: 1, iterations: 1)
        }

        /// In the order in which rows are computed: the clients are too many for their threads to be told from each
        /// other. Whoever was served first come, first served, would wait here for all of the large images.
        @Test func aFloodOfLargeImagesDoesNotHoldUpAThousandSmallOnes() async throws {
            OpenFiles.raiseLimit()
            let count = Self.small.count + Self.large.count
            var limits = Limits()
            limits.images = count
            let gate = RowGate(holdingFrom: 0)
            let turns = Turns()
            let row: Pools.Row = { image, y in
                gate.waitUntilOpen()
                let isLarge = image.width > 30
                turns.begin(isLarge: isLarge)
                return isLarge ? [UInt8](repeating: UInt8(image.re), count: 3 * image.width) : image.row(y)
            }
            try await TestServer.with(limits: limits, clients: count + 1, row: row) { server in
                try await withThrowingTaskGroup { group in
                    for image in Self.large {
                        group.addTask {
                            let pixels = try await DecodedImage(server.get(image.path).body).pixels
                            #expect(
                                pixels == [UInt8](repeating: UInt8(image.re), count: 3 * image.width * image.height))
                        }
                    }
                    // The large ones stand first in the queue.
                    try await Self.wait(for: Self.large.count * limits.stripsAhead, at: server)
                    for image in Self.small {
                        group.addTask {
                            let answer = try await server.get(image.path)
                            #expect(try DecodedImage(answer.body).pixels == image.pixels)
                        }
                    }
                    let strips = Self.small.reduce(Self.large.count * limits.stripsAhead) {
                        $0 + Strip.all(of: $1).count
                    }
                    group.addTask {
                        try await Self.wait(for: strips, at: server)
                        gate.open()
                    }
                    // A client that fails must not leave the others waiting for ever.
                    defer { gate.open() }
                    for try await _ in group {}
                }
                #expect(server.metric("mandelbrot_images_total{outcome=\"sent\"}") == Double(count))
            }
            #expect(turns.smallRows == Self.small.reduce(0) { $0 + $1.height })
            #expect(turns.largeRows == Self.large.reduce(0) { $0 + $1.height })
            // Not even half of the large ones was computed by the time that every small one was.
            #expect(turns.largeRowsBeforeLastSmall < turns.largeRows / 2)
        }

        /// Waits until so many strips are asked for; the gate lets none be computed.
        private static func wait(for outstanding: Int, at server: TestServer) async throws {
            let sample = #"ordered_producer_items_outstanding{pool="row",producer="strips"}"#
            while true {
                let text = try await server.get("/metrics").text
                if text.contains("\(sample) \(Double(outstanding))\n") { return }
                try Task.checkCancellation()
            }
        }
    }

    /// How far the large images were when a row of a small one was begun. Atomics: ThreadSanitizer does not see Swift's
    /// mutex.
    private final class Turns: Sendable {
        private let large = Atomic(0)
        private let small = Atomic(0)
        private let before = Atomic(0)

        func begin(isLarge: Bool) {
            if isLarge {
                large.wrappingAdd(1, ordering: .relaxed)
            } else {
                small.wrappingAdd(1, ordering: .relaxed)
                before.max(large.load(ordering: .relaxed), ordering: .relaxed)
            }
        }

        var largeRows: Int { large.load(ordering: .relaxed) }
        var smallRows: Int { small.load(ordering: .relaxed) }
        /// Rows of large images that were begun before the last row of a small one.
        var largeRowsBeforeLastSmall: Int { before.load(ordering: .relaxed) }
    }
#endif
