// SPDX-License-Identifier: Apache-2.0
#if NIO
    import ArgumentParser
    import NIOPosix
    import OrderedProducer

    struct PipelineCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pipeline",
            abstract: "Requests a second of one pipelined HTTP/1.1 connection, both handlers in turn.")

        @Option(help: "Requests of each run where they cost nothing.") var requests = 100_000
        @Option(help: "Requests of each run where each costs 1 ms of processor time.") var heavyRequests = 4_000
        @Option(help: "Runs of each handler.") var runs = 9
        @Option(help: "Requests that the client keeps outstanding.") var outstanding = 256
        @Option(help: "The pipeline's window.") var window = 128
        @Option(help: "Threads of the pool.") var threads = 2

        func run() async throws {
            print("| work of a request | handler | requests/s, median | lowest | highest | × on the loop |")
            print("| --- | --- | ---: | ---: | ---: | ---: |")
            try await compare("none", requests, work: 0)
            try await compare("1 ms of CPU", heavyRequests, work: 1_000_000)
        }

        private func compare(_ name: String, _ count: Int, work: UInt64) async throws {
            var rates: [HTTPServer.Kind: [Double]] = [:]
            var bare: [Double] = []
            for _ in 0..<runs {
                for kind in HTTPServer.Kind.allCases {
                    rates[kind, default: []].append(try await rate(kind, count, work))
                }
                if work > 0 { bare.append(try await bareRate(count, work)) }
            }
            let base = rates[.onLoop, default: []]
            for kind in HTTPServer.Kind.allCases {
                report(name, kind.rawValue, rates[kind, default: []], base)
            }
            if work > 0 { report(name, "no server: \(threads) threads that only work", bare, base) }
        }

        /// The factor is the median of the runs' own, since the machine's speed changes from run to run.
        private func report(_ name: String, _ subject: String, _ rates: [Double], _ base: [Double]) {
            let cells = [rates.median, rates.min() ?? 0, rates.max() ?? 0].map { "\(Int($0))" }
            let ratio = (zip(rates, base).map { $0 / $1 }.median * 100).rounded() / 100
            print("| \(name) | \(subject) | \(cells.joined(separator: " | ")) | \(ratio) |")
        }

        /// What the processors have to give at most.
        private func bareRate(_ count: Int, _ work: UInt64) async throws -> Double {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
            let began = Clock.now
            let share = count / threads
            let parts = group.makeIterator().map { loop in
                loop.submit { for _ in 0..<share { Clock.work(work) } }
            }
            for part in parts { try await part.get() }
            let took = Clock.now - began
            try await group.shutdownGracefully()
            return Double(share * threads) * 1e9 / Double(took)
        }

        private func rate(_ kind: HTTPServer.Kind, _ count: Int, _ work: UInt64) async throws -> Double {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let pool = try WorkerPool(threads: threads)
            let server = try await HTTPServer(kind, on: group.next(), pool: pool, window: window, work: work)
            let client = try await HTTPClient(to: server.address, on: group.next())
            try await client.ask(max(1, count / 10), outstanding: outstanding)
            let began = Clock.now
            try await client.ask(count, outstanding: outstanding)
            let took = Clock.now - began
            try await client.close()
            try await server.close()
            try await group.shutdownGracefully()
            await pool.shutdown()
            return Double(count) * 1e9 / Double(took)
        }
    }
#endif
