// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import CBenchSubjects
internal import Foundation

/// Our subjects by the subject-process protocol, as peers in other languages speak it.
struct SubjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subject",
        abstract: "Measures one pass in this process and prints it as a line of JSON; 'list' prints the subjects.")

    @Argument(help: "One of those that 'list' prints.") var name: String
    @Option var items: UInt64 = 100_000
    @Option(help: "Steps of the work loop in an item.") var steps: UInt64 = 0
    @Option(help: "The checksum to expect, in hexadecimal; made by a serial loop if not given.") var expect: String?
    @Option(help: "EVERY,TIMES: every so many items one is so many times as long.") var tail: String?
    @Option(help: "The first item is so many times as long.") var slowHead: UInt64?
    @Option(help: "Requests per second.") var rate: Double?
    @Option(help: "Requests that are due together.") var burst: UInt64?
    @Option(help: "Where to write latencies: 8 bytes each, little-endian nanoseconds.") var latencies: String?
    @Option(help: "Items of the pass before the measured one.") var warmUp: UInt64 = 5000
    @Option(help: "Threads that request from one producer.") var callers: Int?
    @Option(help: "Producers on one pool.") var producers: Int?
    @Flag(help: "The first item lasts until all others are finished.") var drain = false
    @OptionGroup var shape: ShapeOptions

    func validate() throws {
        guard name == "list" || subject(named: name) != nil else {
            throw ValidationError("There is no subject '\(name)'; 'list' prints them.")
        }
        guard items >= 1, items < 1 << 40 else { throw ValidationError("--items is at least 1.") }
        guard expect.map({ UInt64($0, radix: 16) != nil }) ?? true else {
            throw ValidationError("--expect is a checksum in hexadecimal.")
        }
        guard (rate ?? 1) > 0, (burst ?? 1) > 0, (slowHead ?? 1) > 0 else {
            throw ValidationError("--rate, --burst and --slow-head are greater than 0.")
        }
        for groups in [callers, producers].compactMap(\.self) {
            guard groups >= 1, items % UInt64(groups) == 0 else {
                throw ValidationError("--callers and --producers divide --items.")
            }
        }
        _ = try parsedTail()
    }

    private func parsedTail() throws -> Job.Tail? {
        guard let tail else { return nil }
        let numbers = tail.split(separator: ",").compactMap { UInt64($0) }
        guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else {
            throw ValidationError("--tail is EVERY,TIMES, two numbers.")
        }
        return Job.Tail(every: numbers[0], times: numbers[1])
    }

    func run() async throws {
        guard name != "list", let subject = subject(named: name) else {
            for subject in allSubjects {
                print("\(subject.name)\t\(subject.kinds.contains(.paced) ? "paced" : "unpaced")\t\(subject.summary)")
            }
            return
        }
        let job = Job(
            items: items, steps: steps, workers: shape.workers, window: shape.window, rate: rate, burst: burst,
            tail: try parsedTail(), slowHead: slowHead, callers: callers, producers: producers, drain: drain,
            warmUpItems: warmUp)
        let expected = expect.flatMap { UInt64($0, radix: 16) } ?? job.expectedChecksum()
        let outcome = try await subject.measure(job, expected: expected)
        if let latencies { try data(from: outcome.latencies).write(to: URL(filePath: latencies)) }
        let hasCounters = !["serial", "spsc-spinning", "spsc-parked", "taskgroup"].contains(name)
        let result = PassResult(
            subject: name, outcome: outcome, peakMemoryKiB: bench_peak_memory(), hasCounters: hasCounters)
        print(try result.line())
    }
}
