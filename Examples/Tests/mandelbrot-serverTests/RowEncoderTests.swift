// SPDX-License-Identifier: Apache-2.0
#if Server
    import Testing

    @testable import mandelbrot_server

    @Suite(.endsWithin(minutes: 5)) struct RowEncoderTests {
        private struct Full: Error {}

        private static func rows(_ width: Int, _ height: Int) -> [[UInt8]] {
            var random = SystemRandomNumberGenerator()
            return (0..<height).map { _ in
                (0..<3 * width).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            }
        }

        @Test(arguments: [(1, 1), (3, 2), (257, 41), (4096, 3)])
        func whatIsEncodedIsDecoded(width: Int, height: Int) throws {
            let rows = Self.rows(width, height)
            var file: [UInt8] = []
            let encoder = try RowEncoder(width: width, height: height, capacity: 1000) { file += $0 }
            try encoder.begin()
            for row in rows { try encoder.write(row) }
            try encoder.finish()
            let image = try DecodedImage(file)
            #expect(image.width == width)
            #expect(image.height == height)
            #expect(image.pixels == rows.flatMap { $0 })
        }

        @Test func rowsThatComeTogetherAreThoseThatComeAlone() throws {
            let rows = Self.rows(257, 41)
            var file: [UInt8] = []
            let encoder = try RowEncoder(width: 257, height: 41, capacity: 1000) { file += $0 }
            try encoder.begin()
            #expect(try encoder.write(rows[..<7].flatMap { $0 }) == 7)
            #expect(try encoder.write([]) == 0)
            #expect(try encoder.write(rows[7..<41].flatMap { $0 }) == 34)
            try encoder.finish()
            #expect(try DecodedImage(file).pixels == rows.flatMap { $0 })
        }

        @Test func theHeadComesBeforeTheFirstRow() throws {
            var file: [UInt8] = []
            let encoder = try RowEncoder(width: 10, height: 10, capacity: 1 << 20) { file += $0 }
            try encoder.begin()
            #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        }

        @Test func theFirstRowsArePassedOnAtOnce() throws {
            var pieces: [Int] = []
            let encoder = try RowEncoder(width: 300, height: 200, capacity: 1 << 20) { pieces.append($0.count) }
            try encoder.begin()
            for row in Self.rows(300, RowEncoder.rowsPerFlush) { try encoder.write(row) }
            #expect(pieces.count == 2)
            // Noise: all but what libpng may hold.
            #expect(pieces[1] > 900 * RowEncoder.rowsPerFlush - 256)
        }

        /// Black rows are next to nothing, compressed: without flushing zlib would keep them all.
        @Test func rowsCanBeDecodedBeforeTheLastIsWritten() throws {
            var file: [UInt8] = []
            let encoder = try RowEncoder(width: 300, height: 200, capacity: 1 << 20, flushInterval: .zero) {
                file += $0
            }
            try encoder.begin()
            let head = file.count
            for _ in 0..<150 { try encoder.write([UInt8](repeating: 0, count: 900)) }
            #expect(file.count > head)
        }

        @Test func aReceiversErrorIsThrown() throws {
            var pieces = 0
            let encoder = try RowEncoder(width: 1000, height: 100, capacity: 1000) { _ in
                pieces += 1
                if pieces == 3 { throw Full() }
            }
            try encoder.begin()
            #expect(throws: Full.self) {
                for row in Self.rows(1000, 100) { try encoder.write(row) }
            }
            #expect(pieces == 3)
        }

        @Test func aRowTooManyAndAMissingRowAreRefused() throws {
            let full = try RowEncoder(width: 1, height: 1, capacity: 1000) { _ in }
            try full.begin()
            try full.write([1, 2, 3])
            let tooMany = #expect(throws: RowEncoder.Failure.self) { try full.write([1, 2, 3]) }
            #expect(tooMany?.description == "more rows than the image has")
            let pair = try RowEncoder(width: 1, height: 1, capacity: 1000) { _ in }
            try pair.begin()
            #expect(throws: RowEncoder.Failure.self) { try pair.write([1, 2, 3, 1, 2, 3]) }
            let short = try RowEncoder(width: 1, height: 2, capacity: 1000) { _ in }
            try short.begin()
            try short.write([1, 2, 3])
            let missing = #expect(throws: RowEncoder.Failure.self) { try short.finish() }
            #expect(missing?.description == "rows are missing")
        }

        /// What libpng itself refuses becomes an error as well, and not the end of the process.
        @Test func anErrorOfLibpngIsThrown() throws {
            let encoder = try RowEncoder(width: 0, height: 1, capacity: 1000) { _ in }
            let failure = #expect(throws: RowEncoder.Failure.self) { try encoder.begin() }
            #expect(failure?.description == "Invalid IHDR data")
        }
    }
#endif
