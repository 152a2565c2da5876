// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct ProgressTests {
    @Test func barFillsWithTheShare() {
        let none = Progress.line("f", 0, 100, 0, .seconds(1), width: 100)
        let half = Progress.line("f", 50, 100, 20, .seconds(1), width: 100)
        let all = Progress.line("f", 100, 100, 40, .seconds(1), width: 100)
        #expect(none.filter { $0 == "#" }.count == 0)
        #expect(half.contains("50.0 %") && all.contains("100.0 %"))
        #expect(all.filter { $0 == "#" }.count == 2 * half.filter { $0 == "#" }.count)
    }

    @Test(arguments: [1, 2, 20, 40, 60, 80, 200], [nil, 1_000_000] as [Int?])
    func fitsTheTerminal(width: Int, total: Int?) {
        let line = Progress.line("a-file-with-a-name", 500_000, total, 100_000, .seconds(1), width: width)
        #expect(line.count < width)
    }

    @Test func moreThanWasExpectedIsAllOfIt() {
        #expect(Progress.line("f", 150, 100, 20, .seconds(1), width: 100).contains("100.0 %"))
    }
}
