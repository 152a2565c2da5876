// SPDX-License-Identifier: Apache-2.0
#if NIO
    import ArgumentParser
    import CBenchSubjects
    import Glibc
    import NIOCore
    import NIOPosix
    import OrderedProducer

    struct MemoryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "memory",
            abstract: "Bytes of an idle connection that has been busy before, both handlers and the difference.")

        @Option(help: "Connections.") var connections = 10_000
        @Option(help: "Requests that each has asked, all at once, before it is idle.") var requests = 8
        @Option(help: "The pipeline's window.") var window = 128

        func run() async throws {
            let limit = Self.raiseFileLimit(to: connections * 2 + 200)
            let count = min(connections, (limit - 200) / 2)
            if count < connections { print("Only \(limit) files may be open: \(count) connections.\n") }
            print("| handler | heap in use, bytes a connection | resident, bytes a connection |")
            print("| --- | ---: | ---: |")
            // The first pass pays for what the process allocates once.
            _ = try await idle(.onLoop, count / 10)
            _ = try await idle(.ordered, count / 10)
            let onLoop = try await idle(.onLoop, count)
            let ordered = try await idle(.ordered, count)
            for (name, heap, resident) in [
                ("NIO, on the loop", onLoop.heap, onLoop.resident),
                ("OrderedPipelineHandler", ordered.heap, ordered.resident),
                ("difference", ordered.heap - onLoop.heap, ordered.resident - onLoop.resident),
            ] {
                print("| \(name) | \(heap / count) | \(resident / count) |")
            }
        }

        /// What `count` idle connections, both ends of them, add.
        private func idle(_ kind: HTTPServer.Kind, _ count: Int) async throws -> (heap: Int, resident: Int) {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let pool = try WorkerPool(threads: 2)
            let server = try await HTTPServer(kind, on: group.next(), pool: pool, window: window, work: 0)
            let clientLoop = group.next()
            let before = Self.inUse()
            var clients: [HTTPClient] = []
            for _ in 0..<count {
                let client = try await HTTPClient(to: server.address, on: clientLoop)
                try await client.ask(requests, outstanding: requests)
                clients.append(client)
            }
            let after = Self.inUse()
            for client in clients { try await client.close() }
            try await server.close()
            try await group.shutdownGracefully()
            await pool.shutdown()
            return (after.heap - before.heap, after.resident - before.resident)
        }

        /// Bytes that the process has allocated and not freed, and bytes that are resident.
        private static func inUse() -> (heap: Int, resident: Int) {
            (bench_heap_in_use(), bench_resident())
        }

        /// How many files may be open, raised as far as the system allows.
        private static func raiseFileLimit(to wanted: Int) -> Int {
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            if limit.rlim_cur < rlim_t(wanted) {
                var raised = rlimit(rlim_cur: rlim_t(wanted), rlim_max: max(limit.rlim_max, rlim_t(wanted)))
                if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) != 0 {
                    raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
                    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
                }
                unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            }
            return Int(limit.rlim_cur)
        }
    }
#endif
