// SPDX-License-Identifier: Apache-2.0
#if Server
    import Testing

    @testable import mandelbrot_server

    @Suite(.endsWithin(minutes: 5)) struct MandelbrotTests {
        private static func pixel(_ re: Double, _ im: Double, iterations: Int = 200) -> [UInt8] {
            Mandelbrot(width: 1, re: re, im: im, span: 1, iterations: iterations).row(0)
        }

        /// In the cardioid, in the disc, in neither (the period-3 bulb, and the tip of the antenna).
        @Test(arguments: [(0.0, 0.0), (-1.0, 0.0), (-0.1226, 0.7449), (-2.0, 0.0)])
        func whatNeverEscapesIsBlack(re: Double, im: Double) {
            #expect(Self.pixel(re, im) == [0, 0, 0])
        }

        @Test(arguments: [(1.0, 0.0), (0.3, 0.0), (-0.75, 0.3), (-2.1, 0.0), (4.0, 4.0)])
        func whatEscapesHasAColour(re: Double, im: Double) {
            #expect(Self.pixel(re, im) != [0, 0, 0])
        }

        @Test func whatEscapesLaterThanTheIterationsIsBlack() {
            #expect(Self.pixel(0.26, 0, iterations: 20) == [0, 0, 0])
            #expect(Self.pixel(0.26, 0, iterations: 200) != [0, 0, 0])
        }

        @Test func theLowerHalfMirrorsTheUpper() {
            let image = Mandelbrot(width: 60, re: -0.5, im: 0, span: 3.5, iterations: 100)
            for y in 0..<image.height / 2 {
                #expect(image.row(y) == image.row(image.height - 1 - y))
            }
        }

        @Test func upIsPositiveAndLeftIsNegative() {
            let image = Mandelbrot(width: 3, re: 0, im: 2, span: 3, iterations: 50)
            #expect(image.height == 2)
            let left = Mandelbrot(width: 1, re: -1, im: 2.5, span: 1, iterations: 50).row(0)
            #expect(Array(image.row(0)[..<3]) == left)
        }
    }
#endif
