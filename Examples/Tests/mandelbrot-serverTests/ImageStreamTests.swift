// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOCore
    import Synchronization
    import Testing

    @testable import mandelbrot_server

    @Suite(.serialized, .endsWithin(minutes: 5)) struct ImageStreamTests {
        private struct Gone: Error {}

        @Test func sendsTheWholeImage() async throws {
            let pools = try Pools(threads: 2)
            let stream = try await ImageStream(.small, limits: Limits(), pools: pools) { $0.row($1) }
            var file: [UInt8] = []
            try await stream.send { piece in file += piece.readableBytesView }
            #expect(try DecodedImage(file).pixels == Mandelbrot.small.pixels)
            await pools.shutdown()
        }

        /// Nobody takes a piece: what is computed by then is what fits between, and no row more, ever.
        @Test func whatNobodyTakesIsNotComputed() async throws {
            var limits = Limits()
            limits.pieceSize = 4096
            let image = Mandelbrot(width: 600, re: 0, im: 0, span: 1, iterations: 1)
            let rowSize = 3 * image.width
            let computed = Atomic(0)
            let pools = try Pools(threads: 2)
            let stream = try await ImageStream(image, limits: limits, pools: pools) { image, y in
                computed.wrappingAdd(1, ordering: .relaxed)
                return Noise.bytes(image, y)
            }
            var most = 0
            var pieces = 0
            try await stream.send { piece in
                pieces += 1
                if pieces == 2 {
                    // Full on both sides of the encoder, which is blocked between them.
                    while stream.statistics.finishedWaiting < limits.stripsAhead || stream.piecesWaiting < limits.pieces
                    {
                        try Task.checkCancellation()
                        await Task.yield()
                    }
                    most = computed.load(ordering: .relaxed)
                }
            }
            // Two taken, those between, one that the encoder holds; each may be larger by what libpng writes at once.
            // Noise does not compress.
            let written = (limits.pieces + 3) * (limits.pieceSize + 8192 + 4096)
            // The strip that the encoder is at, and those ahead.
            let strips = Strip.height(of: image) * (1 + limits.stripsAhead)
            #expect(most <= written / rowSize + strips + RowEncoder.rowsPerFlush)
            #expect(most < image.height)
            #expect(computed.load(ordering: .relaxed) == image.height)
            await pools.shutdown()
        }

        /// What the encoder can get rid of is far from the whole image, and the pools end.
        @Test func aWritersErrorEndsTheComputation() async throws {
            let pools = try Pools(threads: 2)
            let image = Mandelbrot(width: 1200, re: 0, im: 0, span: 1, iterations: 1)
            let computed = Atomic(0)
            let stream = try await ImageStream(image, limits: Limits(), pools: pools) { image, y in
                computed.wrappingAdd(1, ordering: .relaxed)
                return Noise.bytes(image, y)
            }
            await #expect(throws: Gone.self) { try await stream.send { _ in throw Gone() } }
            await pools.shutdown()
            #expect(computed.load(ordering: .relaxed) < image.height)
        }

        /// The two rows that are being computed are the last, though their strips have more.
        @Test func stoppingEndsTheComputationWithinARow() async throws {
            let pools = try Pools(threads: 2)
            let gate = RowGate(holdingFrom: 10)
            let stream = try await ImageStream(.small, limits: Limits(), pools: pools, row: gate.row)
            let sending = Task { try await stream.send { _ in } }
            let other = try Pools(threads: 1)
            try await other.rows.run { gate.waitUntilBegun(12) }
            stream.stopProducing()
            gate.open()
            await #expect(throws: ImageStream.Abandoned.self) { try await sending.value }
            await pools.shutdown()
            #expect(gate.begun == 12)
        }

        /// Or the response would end as if it were whole.
        @Test func anImageThatWasEncodedAndNotSentWholeIsNotSent() async throws {
            let pools = try Pools(threads: 1)
            let image = Mandelbrot(width: 60, re: 0, im: 0, span: 3, iterations: 10)
            #expect(Strip.all(of: image).count == 2)
            let stream = try await ImageStream(image, limits: Limits(), pools: pools, row: Noise.bytes)
            await #expect(throws: ImageStream.Abandoned.self) {
                try await stream.send { _ in
                    // The head is taken; the first strip, and the other one with the end of the file wait.
                    while stream.piecesWaiting < 2 {
                        try Task.checkCancellation()
                        await Task.yield()
                    }
                    stream.stopProducing()
                }
            }
            await pools.shutdown()
        }

        @Test func cancellingEndsTheComputationWithinARow() async throws {
            let pools = try Pools(threads: 2)
            let gate = RowGate(holdingFrom: 10)
            let stream = try await ImageStream(.small, limits: Limits(), pools: pools, row: gate.row)
            let sending = Task { try await stream.send { _ in } }
            let other = try Pools(threads: 1)
            try await other.rows.run { gate.waitUntilBegun(12) }
            sending.cancel()
            gate.open()
            await #expect(throws: (any Error).self) { try await sending.value }
            await pools.shutdown()
            #expect(gate.begun == 12)
        }

        /// Or the pools would wait for ever.
        @Test func aStreamThatIsDroppedLeavesNothing() async throws {
            let pools = try Pools(threads: 1)
            let computed = Atomic(0)
            _ = try await ImageStream(.small, limits: Limits(), pools: pools) { image, y in
                computed.wrappingAdd(1, ordering: .relaxed)
                return image.row(y)
            }
            await pools.shutdown()
            #expect(computed.load(ordering: .relaxed) == 0)
        }
    }
#endif
