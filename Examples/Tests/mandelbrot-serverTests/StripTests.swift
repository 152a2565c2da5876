// SPDX-License-Identifier: Apache-2.0
#if Server
    import Synchronization
    import Testing

    @testable import mandelbrot_server

    @Suite(.endsWithin(minutes: 5)) struct StripTests {
        private static func image(_ width: Int, iterations: Int = 1) -> Mandelbrot {
            Mandelbrot(width: width, re: -0.5, im: 0, span: 3.5, iterations: iterations)
        }

        @Test(arguments: [1, 2, 60, 300, 301, 1024, 2048, 2049, 4096]) func everyRowIsInOneStripInOrder(width: Int) {
            let image = Self.image(width)
            let strips = Strip.all(of: image)
            #expect(strips.flatMap(\.rows) == Array(0..<image.height))
            #expect(strips.dropLast().allSatisfy { $0.rows.count == Strip.height(of: image) })
        }

        /// Or one image would keep a thread from the others for long, and the first rows would come late.
        @Test(arguments: [(300, 100, 6), (300, 500, 6), (300, 100_000, 1), (900, 500, 2), (900, 1000, 1), (4096, 1, 1)])
        func aStripIsBoundedInPixelsAndInWork(width: Int, iterations: Int, height: Int) {
            #expect(Strip.height(of: Self.image(width, iterations: iterations)) == height)
        }

        @Test func itsBytesAreThoseOfItsRows() {
            let image = Self.image(60)
            let bytes = Strip(rows: 3..<9).compute(of: image, until: Strip.Flag()) { $0.row($1) }
            #expect(bytes == (3..<9).flatMap(image.row))
        }

        @Test func theRowInHandIsTheLast() {
            let end = Strip.Flag()
            let computed = Mutex<[Int]>([])
            let bytes = Strip(rows: 10..<30).compute(of: Self.image(60), until: end) { image, y in
                computed.withLock { $0.append(y) }
                if y == 12 { end.raise() }
                return image.row(y)
            }
            #expect(computed.withLock { $0 } == [10, 11, 12])
            #expect(bytes.count == 3 * 3 * 60)
        }
    }
#endif
