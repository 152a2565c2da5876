// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A measurement in a process of its own, so that no subject inherits another's threads, heap or page cache.
struct Child {
    let executable: URL
    let arguments: [String]

    /// Runs it to its end and reads its measurement.
    func measure() throws -> Measurement {
        let process = Process()
        let output = Pipe()
        process.executableURL = executable
        process.arguments = arguments
        process.standardOutput = output
        let before = try LoadSample()
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let command = ([executable.lastPathComponent] + arguments).joined(separator: " ")
            let how = process.terminationReason == .exit ? "status" : "signal"
            throw BenchError.child("'\(command)' ended with \(how) \(process.terminationStatus)")
        }
        var measurement = try JSONDecoder().decode(Measurement.self, from: data)
        measurement.otherLoad = try LoadSample().coresUsedByOthers(since: before)
        return measurement
    }
}
