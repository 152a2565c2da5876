// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

/// Measures one pass.
struct PassCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pass", abstract: "Measures one pass.")

    @Argument(help: "One of: \(allSubjects.map { $0.name }.joined(separator: ", ")).")
    var subject: String

    @Option(help: "How many items.")
    var items: Int

    @Option(help: "Steps of the work loop in an item.")
    var steps: UInt64

    @Option(help: "Threads of the pool.")
    var workers: Int

    @Option(help: "Items outstanding at most.")
    var window: Int

    @Option(help: "The checksum to expect, in hexadecimal.")
    var expect: Checksum

    @Option(help: "EVERY,TIMES: the last of every so many items is so many times as long.")
    var tail: Job.Tail?

    @Option(help: "How many times as long the first item is.")
    var slowHead: UInt64?

    @Option(help: "Requests per second; as fast as possible if not given.")
    var rate: Double?

    @Option(help: "How many requests come at a time.")
    var burst = 1

    @Option(help: "Where to write the latencies: nanoseconds, 64 bits each, in order.")
    var latencies: String?

    @Option(help: "Items of the pass that is not measured.")
    var warmUp = 5000

    func validate() throws {
        guard allSubjects.contains(where: { $0.name == subject }) else {
            throw ValidationError("There is no subject '\(subject)'.")
        }
        guard items > 0 else { throw ValidationError("At least 1 item is needed.") }
        guard (1...4000).contains(workers) else { throw ValidationError("--workers is 1 to 4000.") }
        guard (1...1 << 30).contains(window) else { throw ValidationError("--window is 1 to \(1 << 30).") }
        guard burst > 0 else { throw ValidationError("--burst is at least 1.") }
        guard warmUp >= 0 else { throw ValidationError("--warm-up is at least 0.") }
        if let rate, !(rate > 0 && rate <= 1e9) { throw ValidationError("--rate is more than 0, at most 1000000000.") }
        guard latencies == nil || rate != nil else { throw ValidationError("--latencies needs --rate.") }
    }

    func run() throws {
        guard let type = allSubjects.first(where: { $0.name == subject }) else { return }
        let job = Job(
            items: items, steps: steps, workers: workers, window: window, tail: tail, slowHead: slowHead,
            pace: rate.map { Job.Pace(rate: $0, burst: burst) })
        let peer = type.init(job)
        if warmUp > 0 { peer.pass(Receiver(job.toWarmUp(items: warmUp))) }
        let receiver = Receiver(job)
        peer.pass(receiver)
        guard receiver.received == items, receiver.checksum == expect.value else {
            let got = "\(receiver.received) of \(items) items received with checksum \(Checksum(receiver.checksum))"
            printToError("\(type.name): \(got) instead of \(expect)")
            throw ExitCode.failure
        }
        if let latencies {
            let bytes = receiver.latencies.reduce(into: Data(capacity: items * 8)) { bytes, latency in
                unsafe withUnsafeBytes(of: latency.littleEndian) { unsafe bytes.append(contentsOf: $0) }
            }
            try bytes.write(to: URL(filePath: latencies))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(receiver.measurement(of: type.name)), as: UTF8.self))
    }
}

/// In hexadecimal.
struct Checksum: ExpressibleByArgument, CustomStringConvertible {
    let value: UInt64

    init(_ value: UInt64) { self.value = value }

    init?(argument: String) {
        guard let value = UInt64(argument, radix: 16) else { return nil }
        self.value = value
    }

    var description: String { String(value, radix: 16) }
}

extension Job.Tail: ExpressibleByArgument {
    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
        guard numbers.count == 2, let every = Int(numbers[0]), every > 0, let times = UInt64(numbers[1]) else {
            return nil
        }
        self.init(every: every, times: times)
    }
}

func printToError(_ sentence: String) {
    FileHandle.standardError.write(Data((sentence + "\n").utf8))
}
