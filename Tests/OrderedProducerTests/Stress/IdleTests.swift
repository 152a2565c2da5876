// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

/// Nothing runs where nothing is to be done: no polling, no timers.
@Suite(.serialized, .endsWithin(minutes: 1))
struct IdleTests {
    /// What the system counts for a thread: processor time in nanoseconds, and how often it was switched in and out.
    private struct Usage: Equatable {
        var runTime: String
        var switches: [String]
    }

    /// Not by Foundation, which loses its buffer where a thread ends while its file is read.
    private static func contents(of path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return unsafe ferror(file) != 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Of this process's threads whose names begin with `name`.
    private static func usage(of name: String) throws -> [String: Usage] {
        var usages: [String: Usage] = [:]
        for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
            let folder = "/proc/self/task/\(thread)/"
            // A thread of another test may end while this looks.
            guard let comm = contents(of: folder + "comm"), comm.hasPrefix(name) else { continue }
            let schedule = try #require(contents(of: folder + "schedstat"))
            let status = try #require(contents(of: folder + "status"))
            usages[thread] = Usage(
                runTime: String(schedule.prefix { $0 != " " }),
                switches: status.split(separator: "\n").filter { $0.contains("ctxt_switches") }.map(String.init))
        }
        return usages
    }

    /// A while that is measured by what others get done meanwhile.
    private static func somethingElseHappens() async throws {
        let busy = try OrderedItemProducer<Int, Int>(pool: WorkerPool(threads: 1))
        try await busy.start { $0.reduce(0, +) }
        for value in 0..<20_000 { _ = try await busy.produceItem { value } }
        _ = try await busy.stop()
    }

    @Test(arguments: [WaitStrategy.adaptive, .park], [false, true])
    func idleThreadsUseNoProcessor(wait: WaitStrategy, paused: Bool) async throws {
        let name = "idle\(wait == .park ? "P" : "A")\(paused ? "z" : "y")"
        var poolConfiguration = WorkerPool.Configuration(threads: 3)
        poolConfiguration.name = name
        var configuration = ProducerConfiguration(window: 8)
        configuration.name = name + "-c"
        configuration.wait = wait
        let producer = try OrderedItemProducer<Int, Int>(
            pool: WorkerPool(poolConfiguration), configuration: configuration)
        try await producer.start { $0.reduce(0, +) }
        for value in 0..<100 { _ = try await producer.produceItem { value } }
        if paused { producer.pause() }

        // The threads take their time to find out that nothing is left; then they stay quiet for good.
        var (before, after) = ([String: Usage](), try Self.usage(of: name))
        var rounds = 0
        repeat {
            before = after
            try await Self.somethingElseHappens()
            after = try Self.usage(of: name)
            rounds += 1
        } while before != after && rounds < 200
        #expect(before.count == 4)
        #expect(before == after, "still busy after \(rounds) rounds")
        let wakes = producer.statistics.consumerWakes
        try await Self.somethingElseHappens()
        #expect(try Self.usage(of: name) == after)
        #expect(producer.statistics.consumerWakes == wakes)
        producer.resume()
        #expect(try await producer.stop() == 4950)
    }
}
