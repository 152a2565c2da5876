// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// The share of the cores' time that went into items: the serial loop's time / (cores × time). It says nothing where an
/// item is shorter than its hand-over.
enum Efficiency {
    /// Adds it to the summaries of one scenario. Where the serial loop did not run, its time comes from the calibration
    /// of the work loop.
    static func add(to summaries: inout [Summary], cores: Int, stepsPerMicrosecond: Double) {
        let serial = summaries.first { $0.subject == "serial" && $0.nanosecondsPerItem != nil }
        let nanosecondsPerStep: Double
        if let serial, serial.stepsPerItem > 0, let time = serial.nanosecondsPerItem {
            nanosecondsPerStep = time.median / serial.stepsPerItem
        } else {
            nanosecondsPerStep = 1000 / stepsPerMicrosecond
        }
        for index in summaries.indices {
            guard summaries[index].stepsPerItem > 0, summaries[index].p50 == nil,
                let time = summaries[index].nanosecondsPerItem?.median, time > 0
            else { continue }
            summaries[index].efficiency =
                summaries[index].stepsPerItem * nanosecondsPerStep / (Double(cores) * time)
        }
    }
}

/// The minimum effective task granularity: how long items must be for a given efficiency. As in Task Bench.
enum Granularity {
    struct Point: Codable, Sendable, Equatable {
        /// Nanoseconds of work in an item.
        var work: Double
        var efficiency: Double
    }

    /// The least work with which the efficiency reaches `goal`, between two measured points on a logarithmic scale;
    /// `nil` where it is never reached, or by the least work that was measured.
    static func work(reaching goal: Double, _ points: [Point]) -> Double? {
        let sorted = points.sorted { $0.work < $1.work }
        guard let above = sorted.firstIndex(where: { $0.efficiency >= goal }), above > 0 else { return nil }
        let (low, high) = (sorted[above - 1], sorted[above])
        let part = (goal - low.efficiency) / (high.efficiency - low.efficiency)
        return low.work * pow(high.work / low.work, part)
    }
}
