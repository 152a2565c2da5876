// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import CBenchSubjects
internal import Foundation

/// Measures one subject once and prints the measurement as JSON.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measures one subject once, in this process, and prints the measurement as JSON."
    )

    @Option(help: "One of: \(allSubjects.map(\.name).joined(separator: ", ")).")
    var subject: String

    @Option(help: "trivial, a duration of work such as 40ns or 10us, or latency.")
    var scenario: Scenario

    @Option(help: "How many items; as many as take some tenths of a second if not given.")
    var items: UInt64?

    @Option(help: "Steps of the work loop in an item; calibrated if not given.")
    var steps: UInt64?

    @Option(help: "The checksum to expect, in hexadecimal; made by a serial loop if not given.")
    var expect: String?

    @Option(help: "Seconds after which the process ends itself by SIGALRM; never if not given.")
    var giveUpAfter: UInt32?

    @OptionGroup var shape: ShapeOptions

    func validate() throws {
        guard allSubjects.contains(where: { $0.name == subject }) else {
            throw ValidationError("There is no subject '\(subject)'.")
        }
        if let expect, UInt64(expect, radix: 16) == nil {
            throw ValidationError("'\(expect)' is not a checksum in hexadecimal.")
        }
        guard items != 0 else { throw ValidationError("At least 1 item is needed.") }
    }

    func run() async throws {
        guard let subject = allSubjects.first(where: { $0.name == subject }) else { return }
        guard subject.kinds.contains(scenario.kind) else {
            throw ValidationError("\(subject.name) takes no part in '\(scenario.name)'.")
        }
        if let giveUpAfter { alarm(giveUpAfter) }
        let job = Job(
            items: items ?? scenario.items(rate: shape.rate, quick: false),
            steps: steps ?? scenario.steps(perMicrosecond: bench_steps_per_microsecond()),
            workers: shape.workers, window: shape.window, rate: scenario.isPaced ? shape.rate : nil)
        let expected = expect.flatMap { UInt64($0, radix: 16) } ?? bench_expected_checksum(job.items, job.steps)
        let outcome = try await subject.measure(job, expected: expected)
        let measurement = Measurement(
            subject: subject.name, scenario: scenario, job: job, outcome: outcome, peakMemory: bench_peak_memory())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(measurement), as: UTF8.self))
    }
}

/// The shape of the production, the same for all subjects of a comparison.
struct ShapeOptions: ParsableArguments {
    @Option(help: "Threads of the pool.")
    var workers = 2

    @Option(help: "Items outstanding at most.")
    var window = 1024

    @Option(help: "Requests per second in the latency scenario.")
    var rate = 10_000.0

    func validate() throws {
        guard (1...4000).contains(workers) else { throw ValidationError("--workers is 1 to 4000.") }
        guard (1...1 << 30).contains(window) else { throw ValidationError("--window is 1 to \(1 << 30).") }
        guard rate >= 1, rate <= 1e7 else { throw ValidationError("--rate is 1 to 10000000 a second.") }
    }
}
