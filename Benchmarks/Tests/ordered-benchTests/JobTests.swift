// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_bench

@Suite(.endsWithin(minutes: 1))
struct JobTests {
    private let plain = Job(items: 1000, steps: 7, workers: 2, window: 16)

    @Test func theArgumentsSayWhatIsAsked() {
        var job = plain
        job.tail = Job.Tail(every: 64, times: 50)
        job.slowHead = 9
        job.rate = 10_000
        job.burst = 256
        #expect(
            job.arguments(expecting: 255, latencies: "/tmp/l") == [
                "--items", "1000", "--steps", "7", "--workers", "2", "--window", "16", "--expect", "ff", "--tail",
                "64,50", "--slow-head", "9", "--rate", "10000", "--burst", "256", "--latencies", "/tmp/l",
            ])
        #expect(!plain.arguments(expecting: 1, latencies: nil).contains("--rate"))
    }

    @Test func longItemsAreTheLastOfEach64AndTheHead() {
        var job = plain
        #expect(job.steps(of: 63) == 7)
        job.tail = Job.Tail(every: 64, times: 50)
        job.slowHead = 3
        #expect(job.steps(of: 0) == 21)
        #expect(job.steps(of: 62) == 7)
        #expect(job.steps(of: 63) == 350)
        #expect(job.steps(of: 127) == 350)
        let sum = (0..<job.items).reduce(0) { $0 + Double(job.steps(of: $1)) }
        #expect(job.totalSteps == sum)
    }

    @Test(arguments: [1, 63, 64, 65, 5000])
    func bothSidesExpectTheSameChecksum(items: UInt64) {
        var job = plain
        job.items = items
        #expect(ExpectedChecksums.folded(job) == job.expectedChecksum())
        job.tail = Job.Tail(every: 64, times: 50)
        job.slowHead = 3
        #expect(ExpectedChecksums.folded(job) == job.expectedChecksum())
    }

    @Test func groupsHaveAChecksumOfTheirOwn() {
        var job = plain
        job.callers = 1
        #expect(job.expectedChecksum() != plain.expectedChecksum())
        job.callers = nil
        job.producers = 10
        var other = job
        other.producers = 20
        #expect(job.expectedChecksum() != other.expectedChecksum())
    }

    @Test func latenciesSurviveTheFile() {
        let latencies: [Int64] = [0, 1, 255, 256, -1, .max, .min, 1_234_567_890_123]
        #expect(ordered_bench.latencies(from: data(from: latencies)) == latencies)
    }
}
