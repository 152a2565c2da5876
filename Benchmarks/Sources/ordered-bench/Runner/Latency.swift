// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Histogram

/// Nanoseconds from the intended time of a request to its delivery.
struct Latency: Codable, Sendable, Equatable {
    var p50: UInt64
    var p90: UInt64
    var p99: UInt64
    var p999: UInt64
    var p9999: UInt64
    var max: UInt64
    var items: Int

    /// Of at least one latency.
    init(_ latencies: [Int64]) {
        var histogram = Histogram<UInt64>(
            highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
        for latency in latencies { histogram.record(UInt64(Swift.max(latency, 0))) }
        p50 = histogram.valueAtPercentile(50)
        p90 = histogram.valueAtPercentile(90)
        p99 = histogram.valueAtPercentile(99)
        p999 = histogram.valueAtPercentile(99.9)
        p9999 = histogram.valueAtPercentile(99.99)
        max = UInt64(Swift.max(latencies.max() ?? 0, 0))
        items = latencies.count
    }

    /// The percentiles of a curve, dense towards its end, and the latencies there.
    static func curve(_ latencies: [Int64]) -> [CurvePoint] {
        let sorted = latencies.sorted()
        let last = Double(sorted.count)
        var points: [CurvePoint] = []
        var rest = 1.0
        while rest * last >= 1, points.count < 200 {
            let index = min(sorted.count - 1, Int(last * (1 - rest)))
            points.append(CurvePoint(percentile: 100 * (1 - rest), nanoseconds: sorted[index]))
            rest *= 0.9
        }
        return points
    }

    struct CurvePoint: Codable, Sendable, Equatable {
        var percentile: Double
        var nanoseconds: Int64
    }
}

/// The latencies that a subject wrote: 8 bytes each, little-endian, in order.
func latencies(from data: Data) -> [Int64] {
    stride(from: 0, to: data.count - data.count % 8, by: 8).map { start in
        data[data.startIndex + start..<data.startIndex + start + 8]
            .reversed().reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// The same the other way round.
func data(from latencies: [Int64]) -> Data {
    var data = Data(capacity: 8 * latencies.count)
    for latency in latencies {
        for byte in 0..<8 { data.append(UInt8(truncatingIfNeeded: latency >> (8 * byte))) }
    }
    return data
}
