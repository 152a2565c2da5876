// SPDX-License-Identifier: Apache-2.0
#if NIO
    import ArgumentParser
    import NIOCore
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO

    struct DeliveryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delivery",
            abstract: "From an item's end on the pool to its delivery on the loop, at a steady rate of items.")

        @Option(help: "Items of each rate.") var items = 50_000
        @Option(help: "Items a second, one row each.") var rates = [1_000, 10_000, 50_000]
        @Option(help: "Processor time of an item, in nanoseconds.") var work: UInt64 = 1_000
        @Option(help: "Producers that take turns.") var producers = 16
        @Option(help: "Threads of the pool.") var threads = 1

        func run() async throws {
            print("| items/s | p50 | p99 | p99.9 | longest |")
            print("| ---: | ---: | ---: | ---: | ---: |")
            for rate in rates {
                let times = try await delays(rate)
                let cells = [0.5, 0.99, 0.999, 1].map { "\(Double(times.percentile($0) / 100) / 10) µs" }
                print("| \(rate) | \(cells.joined(separator: " | ")) |")
            }
        }

        private func delays(_ rate: Int) async throws -> [UInt64] {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let loop = group.next()
            let pool = try WorkerPool(threads: threads)
            let times = NIOLoopBoundBox.makeBoxSendingValue([UInt64](), eventLoop: loop)
            let delivery = try EventLoopDelivery(eventLoop: loop)
            let lines = try (0..<producers).map { _ in
                let line = try OrderedItemProducer<UInt64, Never>(pool: pool)
                try line.start(on: delivery) { finished in times.value.append(Clock.now - finished) }
                return line
            }
            let gap = UInt64(1_000_000_000 / rate)
            var due = Clock.now
            for item in 0..<items {
                due += gap
                while Clock.now < due { await Task.yield() }
                _ = try await lines[item % producers].produceItem { [work] in
                    Clock.work(work)
                    return Clock.now
                }
            }
            for line in lines { _ = try await line.stop() }
            let result = try await loop.submit { times.value }.get()
            try await group.shutdownGracefully()
            await pool.shutdown()
            return result
        }
    }
#endif
