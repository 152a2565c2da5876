// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import CBenchSubjects
internal import Foundation

/// Measures one way to produce with one way to consume, and says what came out.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measures one way to produce with one way to consume, in this process, and says what came out.")

    @Option(help: "c, transform (OrderedTransform), closure (produceItem, blocking) or async (produceItem, async).")
    var producer = "c"

    @Option(help: "thread, sink, loop (an event loop; c only) or async (an AsyncSequence; not c).")
    var consumer = "thread"

    @Option(help: "Items published at once: 1, or 64 for c with a thread or a sink.")
    var batch = 1

    @Option(help: "A subject by its name, instead of --producer and --consumer.")
    var subject: String?

    @Option(help: "Any scenario that 'compare --help' names; the other options change it.")
    var scenario = "trivial"

    @Option(help: "How many items; as many as take some tenths of a second if not given.")
    var items: UInt64?

    @Option(help: "The work in an item: 0, or a duration such as 40ns, 1us or 2.5ms.")
    var work: Work?

    @Option(help: "Requests per second; then latency is measured.")
    var rate: Double?

    @Option(help: "Requests that are due together; with --rate.")
    var burst: UInt64?

    @Option(help: "Threads that request from one producer; c with a thread.")
    var callers: Int?

    @Option(help: "Producers on one pool; c with a sink or a loop.")
    var producers: Int?

    @Option(help: "Threads of the pool; 2 if neither this nor the scenario tells.")
    var workers: Int?

    @Option(help: "Items outstanding at most; 1024 if neither this nor the scenario tells.")
    var window: Int?

    @Flag(help: "Print one object of JSON.")
    var json = false

    func validate() throws {
        guard Scenario(argument: scenario) != nil else {
            throw ValidationError("There is no scenario '\(scenario)'; see 'ordered-bench compare --help'.")
        }
        guard (workers.map { (1...4000).contains($0) } ?? true) else {
            throw ValidationError("--workers is 1 to 4000.")
        }
        guard (window.map { (1...1 << 30).contains($0) } ?? true) else {
            throw ValidationError("--window is 1 to \(1 << 30).")
        }
        guard (rate.map { $0 >= 1 && $0 <= 1e7 } ?? true) else {
            throw ValidationError("--rate is 1 to 10000000 a second.")
        }
        guard items != 0, burst != 0 else { throw ValidationError("--items and --burst are at least 1.") }
        guard (callers.map { (1...64).contains($0) } ?? true), (producers.map { (1...1 << 20).contains($0) } ?? true)
        else { throw ValidationError("--callers is 1 to 64, --producers 1 to \(1 << 20).") }
        guard burst == nil || rate != nil || Scenario(argument: scenario)?.rate != nil else {
            throw ValidationError("--burst needs --rate.")
        }
        _ = try chosenSubject()
    }

    private func chosenSubject() throws -> any Subject {
        if let name = subject {
            guard let subject = ordered_bench.subject(named: name) else {
                let known = allSubjects.map(\.name).joined(separator: ", ")
                throw ValidationError("There is no subject '\(name)'. There are: \(known).")
            }
            return subject
        }
        return try Combination(producer: producer, consumer: consumer, batch: batch).subject()
    }

    private func chosenScenario() -> Scenario {
        var chosen = Scenario(argument: scenario) ?? Scenario("trivial", .trivial)
        if let work { chosen.work = work }
        if let rate { (chosen.rate, chosen.kind) = (rate, .paced) }
        if let burst { chosen.burst = burst }
        if let callers { (chosen.callers, chosen.kind) = (callers, .callers) }
        if let producers { (chosen.producers, chosen.kind) = (producers, .producers) }
        if let workers { chosen.workers = workers }
        if let window { chosen.window = window }
        return chosen
    }

    func run() async throws {
        let subject = try chosenSubject()
        let scenario = chosenScenario()
        guard subject.kinds.contains(scenario.kind) else {
            let others = allSubjects.filter { $0.kinds.contains(scenario.kind) }.map(\.name)
            throw ValidationError(
                "\(subject.name) takes no part in such a scenario. Those that do: \(others.joined(separator: ", ")).")
        }
        let sizing = Sizing(seconds: 0.5, cores: ProcessInfo.processInfo.activeProcessorCount)
        let job = scenario.job(
            items: items ?? sizing.items(scenario, overhead: 250),
            stepsPerMicrosecond: bench_steps_per_microsecond(), shape: Shape())
        let outcome = try await subject.measure(job, expected: job.expectedChecksum())
        let result = PassResult(
            subject: subject.name, outcome: outcome, peakMemoryKiB: bench_peak_memory(), hasCounters: true)
        let measurement = Measurement(
            subject: subject.name, scenario: self.scenario, repetition: 1, job: job, result: result,
            latency: outcome.latencies.isEmpty ? nil : Latency(outcome.latencies))
        print(json ? try measurement.json() : measurement.text(subject.summary))
    }
}
