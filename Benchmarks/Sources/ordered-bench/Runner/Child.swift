// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Synchronization

/// A process that measures one pass, so that no subject inherits another's threads, heap or page cache.
struct Child {
    let command: [String]
    var environment: [String: String] = [:]
    /// Seconds after which it is killed: longer means that it hangs.
    let patience: Int

    /// Runs it to its end and gives what it printed, and the cores that others used meanwhile.
    func run() throws -> (output: Data, otherLoad: Double) {
        let process = Process()
        let output = Pipe()
        let complaints = TemporaryFile("complaints")
        defer { complaints.remove() }
        _ = FileManager.default.createFile(atPath: complaints.path, contents: nil)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: complaints.path) ?? FileHandle.nullDevice
        let before = try LoadSample()
        try process.run()
        let watch = Watch(process.processIdentifier, patience: patience)
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let wasKilled = watch.end()
        let load = try LoadSample().coresUsedByOthers(since: before)
        if wasKilled { throw BenchError.timeOut(seconds: patience) }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let how = process.terminationReason == .exit ? "status" : "signal"
            let said = String(decoding: complaints.contents(), as: UTF8.self).split(separator: "\n").suffix(2)
            throw BenchError.child((["\(how) \(process.terminationStatus)"] + said).joined(separator: ": "))
        }
        return (data, load)
    }
}

/// Kills a process group where nobody ends the watch in time.
private final class Watch: Sendable {
    private enum State {
        case waiting, killed, over
    }
    private let state = Mutex(State.waiting)

    init(_ process: pid_t, patience: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(patience)) { [self] in
            state.withLock { state in
                guard state == .waiting else { return }
                state = .killed
                // Foundation gives each process a group of its own; children of wrappers are in it.
                if kill(-process, SIGKILL) != 0 { kill(process, SIGKILL) }
            }
        }
    }

    /// Whether it was killed.
    func end() -> Bool {
        state.withLock { state in
            defer { if state == .waiting { state = .over } }
            return state == .killed
        }
    }
}

/// A file of this process's own that lives for a measurement.
struct TemporaryFile {
    let path: String

    init(_ name: String) {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "ordered-bench-\(UUID().uuidString)-\(name)").path
    }

    func contents() -> Data { FileManager.default.contents(atPath: path) ?? Data() }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
