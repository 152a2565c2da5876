// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// On what, with what and when something was measured.
struct Machine: Codable, Sendable {
    var processor: String
    /// Processors that this process may use.
    var processors: Int
    var kernel: String
    var date: String
    /// What was measured with: the library's commit, the compiler, Concurrency Kit.
    var versions: [String]

    static func current() -> Machine {
        Machine(
            processor: processorName() ?? "unknown processor",
            processors: ProcessInfo.processInfo.activeProcessorCount,
            kernel: firstLine(of: "uname", "-sr") ?? "unknown kernel",
            date: Date.now.formatted(.iso8601),
            versions: [
                firstLine(of: "git", "describe", "--always", "--dirty").map { "swift-ordered-producer \($0)" },
                firstLine(of: "swiftc", "--version"),
                firstLine(of: "dpkg-query", "-W", "-f", "Concurrency Kit ${Version}", "libck-dev"),
            ].compactMap(\.self))
    }

    private static func processorName() -> String? {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    }

    /// `nil` where the command is missing or fails.
    private static func firstLine(of command: String...) -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
}
