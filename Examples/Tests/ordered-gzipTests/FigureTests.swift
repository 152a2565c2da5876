// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct FigureTests {
    @Test(arguments: [(0, 1, "0.0"), (0.04, 1, "0.0"), (0.05, 1, "0.1"), (9.96, 1, "10.0"), (1.005, 2, "1.00")])
    func decimals(value: Double, places: Int, text: String) {
        #expect(Figure.decimal(value, places: places) == text)
    }

    @Test func units() {
        #expect(Figure.bytes(1_250_000) == "1.3 MB")
        #expect(Figure.rate(3_000_000, .milliseconds(1500)) == "2.0 MB/s")
        #expect(Figure.rate(3_000_000, .zero) == "- MB/s")
        #expect(Figure.percent(1, of: 8) == "12.5 %")
        #expect(Figure.percent(20, of: 0) == "- %")
        #expect(Figure.milliseconds(1_234_567) == "1.23 ms")
    }
}
