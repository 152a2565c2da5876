// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import CBenchSubjects
internal import Foundation

/// Measures subjects side by side and prints the tables.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures subjects and peers in turn, each run in a process of its own, and prints Markdown tables.",
        discussion: """
            Groups of scenarios: \(Catalogue.groups.map(\.name).joined(separator: ", ")). Single ones: trivial, any \
            duration such as 40ns or 10us, tail-1us, slow-head, drain, paced-10000, burst-256, callers-4, \
            producers-100, window-64, workers-8; the last four also with a duration behind them, as in workers-8-10us.
            """)

    @Option(parsing: .upToNextOption, help: "Subjects and peers by name; all if not given.")
    var only: [String] = []

    @Option(parsing: .upToNextOption, help: "Scenarios and groups of them; all if not given.")
    var scenarios: [String] = []

    @Option(help: "How often each is measured; less often where neighbours tell the same.")
    var repetitions = 5

    @Option(help: "Seconds that a measured pass should take.")
    var seconds = 0.3

    @Flag(help: "Few items, once: shows that everything works, not how fast. Fails if any subject does.")
    var smoke = false

    @Option(help: "The list of peers: name, paced or unpaced, summary, command; separated by tabs.")
    var peers: String?

    @Option(help: "A file with the versions of what the peers were built from.")
    var peerVersions: String?

    @Option(help: "The library that counts allocations; they are not counted if not given.")
    var allocationCounter: String?

    @Option(help: "Also write everything that was measured to this file, as JSON.")
    var json: String?

    @OptionGroup var shape: ShapeOptions

    func validate() throws {
        guard repetitions >= 1 else { throw ValidationError("--repetitions is at least 1.") }
        guard seconds > 0, seconds <= 60 else { throw ValidationError("--seconds is up to 60.") }
        for name in scenarios where Catalogue.scenarios(name).isEmpty {
            throw ValidationError("There is no scenario or group '\(name)'.")
        }
    }

    func run() async throws {
        guard let executable = Bundle.main.executableURL else {
            throw BenchError.child("this program's own path is not known")
        }
        let chosenScenarios = chosenScenarios()
        let (participants, note) = try participants(executable)
        let plan = Plan(
            participants: participants, scenarios: chosenScenarios, repetitions: smoke ? 1 : repetitions,
            areNamed: !only.isEmpty)
        var comparison = Comparison(
            plan: plan, sizing: Sizing(seconds: seconds, cores: ProcessInfo.processInfo.activeProcessorCount),
            shape: shape.shape, measurer: Measurer(attempts: smoke ? 1 : 2), fixedItems: smoke ? 1000 : nil,
            progress: say)
        let start = ContinuousClock.now
        comparison.run()
        say("measured for \((ContinuousClock.now - start).components.seconds) s")
        let report = Report(
            machine: .current(), shape: shape.shape, repetitions: plan.repetitions, seconds: seconds, smoke: smoke,
            stepsPerMicrosecond: comparison.stepsPerMicrosecond, participants: participants, peersNote: note,
            peerVersions: peerVersions.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) },
            summaries: comparison.summaries, granularities: Report.granularities(comparison.summaries),
            allocations: allocations(participants, executable), measurements: comparison.measurements)
        if let json { try report.json().write(to: URL(filePath: json)) }
        print(report.markdown(), terminator: "")
        try complain(report)
    }

    private func chosenScenarios() -> [Scenario] {
        guard !scenarios.isEmpty else { return smoke ? Catalogue.smoke : Catalogue.all }
        return scenarios.flatMap(Catalogue.scenarios).reduce(into: []) { chosen, scenario in
            if !chosen.contains(scenario) { chosen.append(scenario) }
        }
    }

    private func participants(_ executable: URL) throws -> (chosen: [Participant], note: String?) {
        var all = Participant.ours(executable: executable)
        var note: String?
        if let peers, let list = try? String(contentsOfFile: peers, encoding: .utf8) {
            all += try Participant.peers(list: list)
        } else {
            note = "No list of peers was found: only this library's subjects and TaskGroup were measured."
            if let note { say(note) }
        }
        if let unknown = only.first(where: { name in !all.contains { $0.name == name } }) {
            throw ValidationError(
                "There is no subject '\(unknown)'. There are: \(all.map(\.name).joined(separator: ", ")).")
        }
        return (only.isEmpty ? all : all.filter { only.contains($0.name) }, note)
    }

    private func allocations(_ participants: [Participant], _ executable: URL) -> [Report.AllocationRow] {
        guard let allocationCounter else { return [] }
        say("allocations")
        let known = Participant(
            name: knownAllocations.name, summary: knownAllocations.summary,
            command: [executable.path, "subject", knownAllocations.name], isPeer: false, kinds: [])
        let counting = Allocations(
            counter: allocationCounter, items: smoke ? 1000 : 100_000, shape: shape.shape, measurer: Measurer())
        return counting.count([known] + participants.filter { !$0.isPeer && $0.kinds.contains(.trivial) })
    }

    /// Says what failed; in a smoke run that is an error.
    private func complain(_ report: Report) throws {
        let failures =
            report.summaries.compactMap { row in row.failure.map { "\(row.scenario): \(row.subject): \($0)" } }
            + report.allocations.compactMap { row in row.failure.map { "allocations: \(row.subject): \($0)" } }
        guard !failures.isEmpty else { return }
        say((["failed:"] + failures).joined(separator: "\n"))
        if smoke { throw ExitCode.failure }
    }

    private func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
