// SPDX-License-Identifier: Apache-2.0
#if Server
    import HummingbirdCore
    import Testing

    @testable import mandelbrot_server

    @Suite(.endsWithin(minutes: 5)) struct ImageQueryTests {
        static let good = "width=900&re=-0.5&im=0&span=3.5&iterations=500"

        /// Each with a word that its sentence must have.
        static let bad: [(query: String, word: String)] = [
            ("", "missing"),
            ("re=-0.5&im=0&span=3.5&iterations=500", "width is missing"),
            ("width=900&im=0&span=3.5&iterations=500", "re is missing"),
            ("width=900&re=-0.5&span=3.5&iterations=500", "im is missing"),
            ("width=900&re=-0.5&im=0&iterations=500", "span is missing"),
            ("width=900&re=-0.5&im=0&span=3.5", "iterations is missing"),
            ("width=&re=-0.5&im=0&span=3.5&iterations=500", "width must be a whole number from 1 to 4096"),
            ("width=wide&re=-0.5&im=0&span=3.5&iterations=500", "not 'wide'"),
            ("width=0&re=-0.5&im=0&span=3.5&iterations=500", "width must"),
            ("width=-900&re=-0.5&im=0&span=3.5&iterations=500", "not '-900'"),
            ("width=%2B900&re=-0.5&im=0&span=3.5&iterations=500", "not '+900'"),
            ("width=900.5&re=-0.5&im=0&span=3.5&iterations=500", "width must"),
            ("width=4097&re=-0.5&im=0&span=3.5&iterations=500", "width must"),
            ("width=99999999999999999999&re=-0.5&im=0&span=3.5&iterations=500", "width must"),
            ("width=9%D9%A3&re=-0.5&im=0&span=3.5&iterations=500", "width must"),
            ("width=900&re=nan&im=0&span=3.5&iterations=500", "re must be a number from -4.0 to 4.0"),
            ("width=900&re=NaN&im=0&span=3.5&iterations=500", "re must"),
            ("width=900&re=-0.5&im=inf&span=3.5&iterations=500", "im must"),
            ("width=900&re=-0.5&im=-infinity&span=3.5&iterations=500", "im must"),
            ("width=900&re=1e999&im=0&span=3.5&iterations=500", "re must"),
            ("width=900&re=0x1&im=0&span=3.5&iterations=500", "re must"),
            ("width=900&re=4.1&im=0&span=3.5&iterations=500", "re must"),
            ("width=900&re=-0.5&im=-4.1&span=3.5&iterations=500", "im must"),
            ("width=900&re=%20-0.5&im=0&span=3.5&iterations=500", "re must"),
            ("width=900&re=1e&im=0&span=3.5&iterations=500", "re must"),
            ("width=900&re=-0.5&im=0&span=0&iterations=500", "span must"),
            ("width=900&re=-0.5&im=0&span=-3.5&iterations=500", "span must"),
            ("width=900&re=-0.5&im=0&span=1e-300&iterations=500", "span must"),
            ("width=900&re=-0.5&im=0&span=17&iterations=500", "span must"),
            ("width=900&re=-0.5&im=0&span=3.5&iterations=0", "iterations must"),
            ("width=900&re=-0.5&im=0&span=3.5&iterations=-1", "iterations must"),
            ("width=900&re=-0.5&im=0&span=3.5&iterations=1e3", "iterations must"),
            ("width=900&re=-0.5&im=0&span=3.5&iterations=100001", "iterations must"),
            ("width=4096&re=-0.5&im=0&span=3.5&iterations=500", "give at most 447 iterations"),
            (good + "&width=900", "Give width once"),
            (good + "&iterations=5", "Give iterations once"),
            (good + "&height=600", "no parameter 'height'"),
            (good + "&Width=900", "no parameter 'Width'"),
            ("width", "width must"),
            ("width=%00%1B[31m\u{202E}&re=0&im=0&span=1&iterations=1", "not '??[31m?'"),
            ("width=" + String(repeating: "9", count: 400) + "&re=0&im=0&span=1&iterations=1", "9…'"),
        ]

        @Test func aGoodQueryIsTaken() throws {
            let image = try Self.parse(Self.good)
            #expect(image == Mandelbrot(width: 900, re: -0.5, im: 0, span: 3.5, iterations: 500))
            #expect(image.height == 600)
        }

        @Test func theOrderDoesNotMatter() throws {
            let image = try Self.parse("iterations=7&span=1e-3&im=-0.25&re=1E-1&width=1")
            #expect(image == Mandelbrot(width: 1, re: 0.1, im: -0.25, span: 0.001, iterations: 7))
            #expect(image.height == 1)
        }

        @Test(arguments: bad) func aBadQueryIsRefusedWithASentence(query: String, word: String) throws {
            let mistake = #expect(throws: ImageQuery.Mistake.self) { try Self.parse(query) }
            let sentence = try #require(mistake?.description)
            #expect(sentence.contains(word), "\(sentence)")
            #expect(sentence.hasSuffix("."))
            #expect(sentence.count < 250)
        }

        /// As the server does it, with Hummingbird's reading of the address.
        private static func parse(_ query: String) throws -> Mandelbrot {
            try ImageQuery(of: URI("/mandelbrot.png?\(query)")).mandelbrot(limits: Limits())
        }
    }
#endif
