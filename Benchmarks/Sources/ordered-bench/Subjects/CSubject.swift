// SPDX-License-Identifier: Apache-2.0
internal import CBenchSubjects
internal import Glibc

/// A subject written in C, by its name there.
struct CSubject: Subject {
    let name: String
    let kinds: Set<Scenario.Kind>
    let summary: String

    init(_ name: String, in kinds: Set<Scenario.Kind>, _ summary: String) {
        self.name = name
        self.kinds = kinds
        self.summary = summary
    }

    func measure(_ job: Job, expected: UInt64) async throws -> Outcome {
        try await onThread {
            var latencies = [Int64](repeating: 0, count: job.rate == nil ? 0 : Int(job.items))
            var outcome = bench_outcome()
            let result = unsafe latencies.withUnsafeMutableBufferPointer { latencies in
                var cJob = unsafe job.forC(latencies: job.rate == nil ? nil : latencies.baseAddress)
                return unsafe bench_measure(bench_find_subject(name), &cJob, expected, &outcome)
            }
            guard result != -ENOTSUP else { throw BenchError.notFor(name) }
            guard result == 0 || result == -EBADMSG else { throw BenchError.subject(name, code: -result) }
            let measured = Outcome(outcome, latencies: latencies)
            try measured.verify(job, expected: expected)
            return measured
        }
    }
}
