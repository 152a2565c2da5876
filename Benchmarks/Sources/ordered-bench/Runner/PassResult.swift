// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// What a subject's process prints: one measured pass. The first five are all that a peer must tell.
struct PassResult: Codable, Sendable {
    var subject: String
    var seconds: Double
    var checksum: String
    var received: UInt64
    var cpuSeconds: Double?
    var contextSwitches: UInt64?
    var peakMemoryKiB: Int?
    var workerWakes: UInt64?
    var consumerWakes: UInt64?
    var callerWakes: UInt64?
    var assisted: UInt64?
    var allocations: Int64?
    var worstShare: Double?
    var drainSeconds: Double?
    var behindHead: UInt64?

    init(subject: String, outcome: Outcome, peakMemoryKiB: Int, hasCounters: Bool) {
        self.subject = subject
        seconds = outcome.seconds
        checksum = String(outcome.checksum, radix: 16)
        received = outcome.received
        cpuSeconds = outcome.cpuSeconds
        contextSwitches = outcome.contextSwitches
        self.peakMemoryKiB = peakMemoryKiB
        workerWakes = hasCounters ? outcome.workerWakes : nil
        consumerWakes = hasCounters ? outcome.consumerWakes : nil
        callerWakes = hasCounters ? outcome.callerWakes : nil
        assisted = hasCounters ? outcome.assisted : nil
        allocations = outcome.allocations
        worstShare = outcome.worstShare
        drainSeconds = outcome.drainSeconds
        behindHead = outcome.behindHead
    }

    /// The last line that the process printed.
    init(output: Data) throws {
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        guard let line = lines.last, let result = try? JSONDecoder().decode(PassResult.self, from: Data(line.utf8))
        else { throw BenchError.child("printed no measurement: '\(lines.last ?? "")'") }
        self = result
    }

    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Throws unless the subject says that it received what the job must give.
    func verify(_ job: Job, expected: UInt64) throws {
        guard received == job.items else { throw BenchError.missing(received: received, of: job.items) }
        guard UInt64(checksum, radix: 16) == expected else {
            throw BenchError.child("checksum \(checksum), expected \(String(expected, radix: 16))")
        }
        guard seconds > 0 else { throw BenchError.child("took \(seconds) s") }
    }
}
