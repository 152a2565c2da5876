// SPDX-License-Identifier: Apache-2.0
internal import CBenchWork
internal import Glibc

/// The two ends of a pass: the requester calls `begin` just before its first request and `pace` before each; `receive`
/// takes each result in turn. Latency is counted from the time a request was due. One requester and one receiver at a
/// time, which is what every peer promises; hence no lock.
final class Receiver: @unchecked Sendable {
    /// A paced pass begins a little in the future, so that its first request is as punctual as the others.
    private static let headStart: Int64 = 1_000_000

    let job: Job
    private var begun: Int64 = 0
    private var usageAtBegin = rusage()
    private var ended: Int64 = 0
    private var usageAtEnd = rusage()
    private(set) var received = 0
    private(set) var checksum: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var latencies: [Int64] = []

    init(_ job: Job) {
        self.job = job
        if job.pace != nil { latencies.reserveCapacity(job.items) }
    }

    /// The first request is about to be made.
    func begin() {
        if job.pace != nil { bench_sharpen_timers() }
        unsafe getrusage(RUSAGE_SELF.rawValue, &usageAtBegin)
        begun = bench_now() + (job.pace == nil ? 0 : Self.headStart)
    }

    /// Sleeps until request `index` is due; returns at once where requests are not paced.
    @inline(__always) func pace(_ index: Int) {
        if let pace = job.pace { bench_sleep_until(begun + pace.due(index)) }
    }

    /// The next result in order.
    @inline(__always) func receive(_ result: UInt64) {
        if let pace = job.pace { latencies.append(bench_now() - begun - pace.due(received)) }
        checksum = bench_fold(checksum, result)
        received += 1
        if received == job.items {
            ended = bench_now()
            unsafe getrusage(RUSAGE_SELF.rawValue, &usageAtEnd)
        }
    }

    func measurement(of subject: String) -> Measurement {
        Measurement(
            subject: subject,
            seconds: Double(ended - begun) / 1e9,
            cpuSeconds: usageAtEnd.cpuSeconds - usageAtBegin.cpuSeconds,
            contextSwitches: usageAtEnd.contextSwitches - usageAtBegin.contextSwitches,
            checksum: String(checksum, radix: 16),
            received: received,
            peakMemoryKiB: usageAtEnd.ru_maxrss)
    }
}

/// What a pass took, as it is printed.
struct Measurement: Encodable {
    var subject: String
    var seconds: Double
    var cpuSeconds: Double
    var contextSwitches: Int
    var checksum: String
    var received: Int
    var peakMemoryKiB: Int
}

extension rusage {
    fileprivate var cpuSeconds: Double {
        Double(ru_utime.tv_sec + ru_stime.tv_sec) + Double(ru_utime.tv_usec + ru_stime.tv_usec) / 1e6
    }

    fileprivate var contextSwitches: Int { ru_nvcsw + ru_nivcsw }
}
