// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

/// Measures subjects side by side and prints the tables.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures subjects in turn, each run in a process of its own, and prints Markdown tables."
    )

    @Option(parsing: .upToNextOption, help: "Subjects by name; all if not given.")
    var subjects = allSubjects.map(\.name)

    @Option(parsing: .upToNextOption, help: "trivial, durations of work such as 40ns or 10us, latency.")
    var scenarios = Scenario.all

    @Option(help: "How often each subject is measured.")
    var rounds = 5

    @Flag(help: "Few items: shows that everything works, not how fast.")
    var quick = false

    @Option(help: "Also write everything that was measured to this file, as JSON.")
    var json: String?

    @OptionGroup var shape: ShapeOptions

    func validate() throws {
        if let unknown = subjects.first(where: { name in !allSubjects.contains { $0.name == name } }) {
            let known = allSubjects.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no subject '\(unknown)'. Subjects: \(known).")
        }
        guard rounds >= 1 else { throw ValidationError("--rounds is at least 1.") }
    }

    func run() async throws {
        guard let executable = Bundle.main.executableURL else {
            throw BenchError.child("this program's own path is not known")
        }
        let interleaving = Interleaving(
            subjects: allSubjects.filter { subjects.contains($0.name) }, scenarios: scenarios, rounds: rounds,
            quick: quick, shape: shape, executable: executable)
        let measurements = try interleaving.run { line in
            FileHandle.standardError.write(Data((line + "\n").utf8))
        }
        let report = Report(
            machine: .current(), workers: shape.workers, window: shape.window, rate: shape.rate, rounds: rounds,
            quick: quick, summaries: Summary.all(measurements), measurements: measurements)
        if let json { try report.json().write(to: URL(filePath: json)) }
        print(report.markdown(), terminator: "")
    }
}
