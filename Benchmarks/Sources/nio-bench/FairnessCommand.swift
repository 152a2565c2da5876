// SPDX-License-Identifier: Apache-2.0
#if NIO
    import ArgumentParser
    import NIOPosix
    import OrderedProducer

    struct FairnessCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fairness",
            abstract: "One connection floods a loop and its pool while many others ask one request after the other.")

        @Option(help: "Connections that ask one at a time.") var askers = 50
        @Option(help: "Requests of each.") var requests = 200
        @Option(help: "Requests that the flooding connection keeps outstanding.") var flood = 1_000
        @Option(help: "Processor time of a request, in nanoseconds.") var work: UInt64 = 50_000
        @Option(help: "The pipeline's window.") var window = 128
        @Option(help: "Threads of the pool.") var threads = 2

        func run() async throws {
            print("| one floods | p50 of a request | p99 | Jain's index of the askers' rates | slowest/fastest |")
            print("| --- | ---: | ---: | ---: | ---: |")
            for floods in [false, true] {
                let asked = try await measure(floods: floods)
                let rates = asked.map { 1e9 * Double($0.count) / Double($0.reduce(0, +)) }
                let times = asked.flatMap { $0 }
                let cells = [times.percentile(0.5), times.percentile(0.99)].map { "\($0 / 1_000) µs" }
                let ratio = (rates.min() ?? 0) / (rates.max() ?? 1)
                print(
                    "| \(floods ? "yes" : "no") | \(cells.joined(separator: " | ")) | \(Self.rounded(rates.jainIndex)) |"
                        + " \(Self.rounded(ratio)) |")
            }
        }

        private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }

        /// The times of each asker's requests.
        private func measure(floods: Bool) async throws -> [[UInt64]] {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let pool = try WorkerPool(threads: threads)
            let server = try await HTTPServer(.ordered, on: group.next(), pool: pool, window: window, work: work)
            let loop = group.next()
            let flooding = try await HTTPClient(to: server.address, on: loop)
            var clients: [HTTPClient] = []
            for _ in 0..<askers { clients.append(try await HTTPClient(to: server.address, on: loop)) }
            let flood = Task { [flood] in
                while floods, !Task.isCancelled { try await flooding.ask(flood * 4, outstanding: flood) }
            }
            let times = try await withThrowingTaskGroup(of: [UInt64].self) { [requests] group in
                for client in clients {
                    group.addTask { try await client.ask(requests, outstanding: 1, noteTimes: true) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            flood.cancel()
            try await flood.value
            for client in clients + [flooding] { try await client.close() }
            try await server.close()
            try await group.shutdownGracefully()
            await pool.shutdown()
            return times
        }
    }
#endif
