// SPDX-License-Identifier: Apache-2.0

/// One measured pass of one participant in one scenario, or why there is none.
struct Measurement: Codable, Sendable {
    var subject: String
    var scenario: String
    var repetition: Int
    var job: Job
    var result: PassResult?
    /// Where requests were paced.
    var latency: Latency?
    /// Cores that others used meanwhile, if known; above `quietEnough` the measurement is doubtful.
    var otherLoad: Double?
    var failure: String?

    /// Cores that others may use while a measurement counts as undisturbed.
    static let quietEnough = 0.05

    /// Whether others left the machine alone meanwhile.
    var isQuiet: Bool { (otherLoad ?? 0) <= Self.quietEnough }

    /// Nanoseconds per item; of a slow head, of the items behind it.
    var nanosecondsPerItem: Double? {
        guard let result else { return nil }
        if let drain = result.drainSeconds, let behind = result.behindHead, behind > 0 {
            return drain * 1e9 / Double(behind)
        }
        return perItem(result.seconds * 1e9)
    }
    var cpuNanosecondsPerItem: Double? { perItem(result?.cpuSeconds.map { $0 * 1e9 }) }
    var contextSwitchesPerItem: Double? { perItem(result?.contextSwitches.map { Double($0) }) }
    var wakesPerItem: Double? {
        guard let result, let workers = result.workerWakes, let consumer = result.consumerWakes else { return nil }
        return perItem(Double(workers + consumer + (result.callerWakes ?? 0)))
    }

    private func perItem(_ value: Double?) -> Double? { value.map { $0 / Double(job.items) } }
}
