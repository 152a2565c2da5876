// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Measures one pass of a participant in a process of its own.
struct Measurer {
    /// Seconds that a pass may take beyond what it should.
    var patience = 20
    /// A disturbed pass is measured so often.
    var attempts = 2

    struct Answer {
        var result: PassResult
        var otherLoad: Double
        var latencies: [Int64]
    }

    /// The pass, measured again where others used the machine meanwhile; the last answer counts.
    func measure(_ participant: Participant, _ job: Job, expected: UInt64) throws -> Answer {
        var answer = try once(participant, job, expected: expected)
        for attempt in 1..<max(attempts, 1) where attempts > 1 && answer.otherLoad > Measurement.quietEnough {
            Thread.sleep(forTimeInterval: 0.2 * Double(attempt))
            answer = try once(participant, job, expected: expected)
        }
        return answer
    }

    func once(
        _ participant: Participant, _ job: Job, expected: UInt64, environment: [String: String] = [:]
    ) throws -> Answer {
        let file = TemporaryFile("latencies")
        defer { file.remove() }
        let wants = job.rate != nil
        let words = job.arguments(expecting: expected, latencies: wants ? file.path : nil)
        let intended = job.rate.map { Int(Double(job.items) / $0) } ?? 0
        let child = Child(
            command: participant.command + words, environment: environment, patience: patience + intended)
        let (output, load) = try child.run()
        let result = try PassResult(output: output)
        try result.verify(job, expected: expected)
        let measured = wants ? ordered_bench.latencies(from: file.contents()) : []
        guard !wants || measured.count == Int(job.items) else {
            throw BenchError.child("wrote \(measured.count) latencies of \(job.items) items")
        }
        return Answer(result: result, otherLoad: load, latencies: measured)
    }
}
