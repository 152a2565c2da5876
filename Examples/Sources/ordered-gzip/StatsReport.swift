// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// What `--stats` tells about one input.
struct StatsReport: CustomStringConvertible {
    let name: String
    let outcome: CompressionPipeline.Outcome
    let plan: WorkPlan
    let elapsed: Duration

    var description: String {
        let read = outcome.bytesRead
        let written = outcome.bytesWritten
        let statistics = outcome.statistics
        let seconds = Figure.decimal(elapsed / .seconds(1), places: 3)
        let stall =
            statistics.longestStallSequence.map {
                "\(Figure.milliseconds(statistics.longestStall)), behind block \($0)"
            } ?? "none"
        return """
            \(name): \(read) -> \(written) bytes, \(Figure.percent(written, of: read))
              throughput: \(Figure.rate(read, elapsed)) (\(seconds) s, \(plan.threads) threads, level \(plan.level.rawValue))
              blocks: \(statistics.delivered) of \(plan.blockSize >> 10) KiB, \(statistics.assisted) run by the consumer
              head-of-line stall: longest \(stall); \(Figure.milliseconds(statistics.headOfLineStall)) in all
              peak memory: \(PeakMemory.kibibytes.map { "\($0) KiB" } ?? "unknown")
            """
    }
}
