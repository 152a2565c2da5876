// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix
    import Testing

    @testable import OrderedProducer
    @testable import OrderedProducerNIO

    /// What a delivery leaves behind: nothing.
    @Suite(.endsWithin(minutes: 2)) struct LoopTurnsTests {
        typealias Items = OrderedItemProducer<Int, Never>

        @Test func aLaneGoesWithItsEnd() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                let delivery = try EventLoopDelivery(eventLoop: loop)
                weak var weakly: LoopLane?
                do {
                    let (producer, ended) = (try Items(pool: pool), Gate())
                    let lane = try producer.start(
                        on: delivery.turns.queue, keeping: delivery.turns,
                        callbacks: .init(atEnd: { _ in ended.open() }), onItem: { _ in })
                    weakly = lane
                    try delivery.turns.admit(lane)
                    _ = try await producer.stop()
                    await ended.opened()
                }
                // Behind the turn that has seen the end.
                try await loop.submit {}.get()
                #expect(weakly == nil)
                withExtendedLifetime(delivery) {}
            }
            await pool.shutdown()
        }

        @Test func turnsGoWithTheirDelivery() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                weak var weakly: LoopTurns?
                do {
                    let delivery = try EventLoopDelivery(eventLoop: loop)
                    weakly = delivery.turns
                    let producer = try Items(pool: pool)
                    try producer.start(on: delivery) { _ in }
                    _ = try await producer.produceItem { 1 }
                    _ = try await producer.stop()
                }
                try await loop.submit {}.get()
                #expect(weakly == nil)
            }
            await pool.shutdown()
        }

        @Test func whatProducersKnowOfTheLoopGoesWithThem() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                weak var weakly: LoopThread?
                do {
                    let delivery = try EventLoopDelivery(eventLoop: loop)
                    weakly = delivery.turns.queue.thread
                    for _ in 0..<3 {
                        let producer = try Items(pool: pool)
                        try producer.start(on: delivery) { _ in }
                        _ = try await producer.stop()
                    }
                }
                try await loop.submit {}.get()
                #expect(weakly == nil)
            }
            await pool.shutdown()
        }

        /// NIO prints what it thinks of being asked, each time.
        @Test func aLoopThatIsGoneIsAskedOnce() async throws {
            let pool = try WorkerPool(threads: 1)
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let loop = CountingLoop(group.next())
            let delivery = try EventLoopDelivery(eventLoop: loop)
            try await group.shutdownGracefully()
            for _ in 0..<3 {
                let producer = try Items(pool: pool)
                #expect(throws: EventLoopError.shutdown) { try producer.start(on: delivery) { _ in } }
                #expect(try await producer.produceItem { 1 } == nil)
                await #expect(throws: EventLoopError.shutdown) { try await producer.stop() }
                #expect(loop.executions == 1)
            }
            await pool.shutdown()
        }
    }
#endif
