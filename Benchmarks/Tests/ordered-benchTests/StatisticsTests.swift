// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_bench

@Suite(.endsWithin(minutes: 1))
struct StatisticsTests {
    @Test func theMedianOfAnEvenNumberLiesBetween() {
        #expect(Spread([3, 1, 2]) == Spread([2, 3, 1]))
        #expect(Spread([3, 1, 2]).median == 2)
        #expect(Spread([4, 1, 2, 3]).median == 2.5)
        let one = Spread([5.0])
        #expect(one.lowest == 5 && one.median == 5 && one.highest == 5)
    }

    @Test func unknownFiguresAreLeftOut() {
        #expect(Spread([nil, 2, nil, 4] as [Double?])?.median == 3)
        #expect(Spread([nil, nil] as [Double?]) == nil)
    }

    @Test func percentilesAreThoseOfTheLatencies() {
        let latency = Latency((1...10_000).map { Int64($0) * 1000 })
        func isNear(_ value: UInt64, _ wanted: Double) -> Bool { abs(Double(value) - wanted) <= wanted / 500 }
        #expect(isNear(latency.p50, 5_000_000))
        #expect(isNear(latency.p90, 9_000_000))
        #expect(isNear(latency.p99, 9_900_000))
        #expect(isNear(latency.p9999, 9_999_000))
        #expect(latency.max == 10_000_000)
        #expect(latency.items == 10_000)
        #expect(Latency([-5]).p50 == 0)
    }

    @Test func theCurveRisesToTheLastLatency() throws {
        let curve = Latency.curve((1...1000).shuffled().map(Int64.init))
        #expect(curve.first?.percentile == 0)
        #expect(try #require(curve.last).nanoseconds >= 998)
        #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.nanoseconds <= $1.nanoseconds })
    }

    @Test func theLeastWorkForAnEfficiencyLiesBetweenTwoPoints() throws {
        let points = [
            Granularity.Point(work: 10_000, efficiency: 0.95), Granularity.Point(work: 100, efficiency: 0.25),
            Granularity.Point(work: 1000, efficiency: 0.75),
        ]
        #expect(abs(try #require(Granularity.work(reaching: 0.5, points)) - 316.2) < 0.1)
        #expect(abs(try #require(Granularity.work(reaching: 0.9, points)) - 5623.4) < 0.1)
        #expect(Granularity.work(reaching: 0.99, points) == nil)
        #expect(Granularity.work(reaching: 0.1, points) == nil)
    }

    @Test func theFirstTimeCounts() throws {
        let points = [(100.0, 0.4), (200, 0.6), (400, 0.4), (800, 0.6)].map {
            Granularity.Point(work: $0.0, efficiency: $0.1)
        }
        #expect(abs(try #require(Granularity.work(reaching: 0.5, points)) - 141.4) < 0.1)
    }
}
