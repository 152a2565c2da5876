// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// The shape of the production, where a scenario does not fix it.
struct ShapeOptions: ParsableArguments {
    @Option(help: "Threads of the pool.")
    var workers = 2

    @Option(help: "Items outstanding at most.")
    var window = 1024

    var shape: Shape { Shape(workers: workers, window: window) }

    func validate() throws {
        guard (1...4000).contains(workers) else { throw ValidationError("--workers is 1 to 4000.") }
        guard (1...1 << 30).contains(window) else { throw ValidationError("--window is 1 to \(1 << 30).") }
    }
}
