// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    @Suite(.endsWithin(minutes: 5)) struct EventLoopEndingsTests {
        typealias Items = OrderedItemProducer<Token, Never>

        enum Note: Equatable, Sendable {
            case item(Int)
            case end(onLoop: Bool, failure: String?)
        }

        /// A producer on `loop` that notes what it delivers, and its end.
        func notedProducer(
            _ pool: WorkerPool, _ loop: any EventLoop, _ log: Log<Note>, window: Int = 16,
            onItem: @escaping @Sendable (Token) throws -> Void = { _ in }
        ) throws -> Items {
            let producer = try Items(pool: pool, configuration: .init(window: window))
            try producer.start(
                on: EventLoopDelivery(eventLoop: loop),
                onEnd: { log.add(.end(onLoop: loop.inEventLoop, failure: $0.map { "\($0)" })) },
                onItem: { token in
                    log.add(.item(token.value))
                    try onItem(token)
                })
            return producer
        }

        @Test func theEndIsToldAfterTheLastItem() async throws {
            let (pool, ledger, log) = (try WorkerPool(threads: 2), Ledger(), Log<Note>())
            try await withLoop { loop in
                let producer = try notedProducer(pool, loop, log)
                for item in 0..<40 { _ = try await producer.produceItem { Token(item, ledger) } }
                #expect(try await producer.stop() == nil)
                #expect(try await producer.produceItem { Token(0, ledger) } == nil)
                #expect(try await producer.stop() == nil)
                let notes = await log.count(41)
                #expect(notes == (0..<40).map { .item($0) } + [.end(onLoop: true, failure: nil)])
            }
            await ledger.drained()
            await pool.shutdown()
        }

        @Test func aThrowingConsumerEndsProduction() async throws {
            let (pool, ledger, log) = (try WorkerPool(threads: 2), Ledger(), Log<Note>())
            try await withLoop { loop in
                let producer = try notedProducer(pool, loop, log) { if $0.value == 3 { throw TestError(value: 3) } }
                for item in 0..<10 where try await producer.produceItem({ Token(item, ledger) }) == nil { break }
                let notes = await log.count(5)
                #expect(
                    notes == (0..<4).map { .item($0) } + [.end(onLoop: true, failure: "\(TestError(value: 3))")])
                #expect(try await producer.produceItem { Token(0, ledger) } == nil)
                await #expect(throws: TestError(value: 3)) { try await producer.stop() }
                #expect(try await producer.stop() == nil)
            }
            await ledger.drained()
            await pool.shutdown()
        }

        @Test func aFailingItemEndsProductionInOrder() async throws {
            let (pool, ledger, log) = (try WorkerPool(threads: 2), Ledger(), Log<Note>())
            try await withLoop { loop in
                let producer = try notedProducer(pool, loop, log)
                for item in 0..<5 {
                    _ = try await producer.produceItem {
                        if item == 2 { throw TestError(value: 2) }
                        return Token(item, ledger)
                    }
                }
                let notes = await log.until { if case .end? = $0.last { true } else { false } }
                let failure = ItemFailure(sequence: 2, underlying: TestError(value: 2))
                #expect(notes == [.item(0), .item(1), .end(onLoop: true, failure: "\(failure)")])
                let thrown = await #expect(throws: ItemFailure.self) { try await producer.stop() }
                #expect(thrown?.sequence == 2)
            }
            await ledger.drained()
            await pool.shutdown()
        }

        @Test func aDroppedProducerEndsAndTheLoopIsTold() async throws {
            let (pool, ledger, log) = (try WorkerPool(threads: 1), Ledger(), Log<Note>())
            try await withLoop { loop in
                let gate = Gate()
                let begun = Gate()
                // The producer is the only one to keep its delivery.
                var producer: Items? = try notedProducer(pool, loop, log)
                _ = try await producer?.produceItem {
                    begun.open()
                    gate.wait()
                    return Token(0, ledger)
                }
                let captured = Token(1, ledger)
                _ = try await producer?.produceItem { captured }
                await begun.opened()
                producer = nil
                #expect(await log.count(1) == [.end(onLoop: true, failure: nil)])
                gate.open()
            }
            await ledger.drained()
            await pool.shutdown()
        }

        @Test func whatTheConsumerCapturesGoesWithTheEnd() async throws {
            let (pool, ledger) = (try WorkerPool(threads: 1), Ledger())
            try await withLoop { loop in
                let delivery = try EventLoopDelivery(eventLoop: loop)
                let producer = try Items(pool: pool)
                let captured = Token(0, ledger)
                let ended = Gate()
                // A cycle, until the end.
                try producer.start(on: delivery, onEnd: { _ in ended.open() }) { [producer] _ in
                    _ = (captured, producer)
                }
                _ = try await producer.stop()
                await ended.opened()
                weak let weakly = producer
                #expect(weakly != nil)
            }
            await ledger.drained()
            await pool.shutdown()
        }

        @Test func aSecondConsumerIsRefused() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                let delivery = try EventLoopDelivery(eventLoop: loop)
                let producer = try Items(pool: pool)
                try producer.start(on: delivery) { _ in }
                #expect(throws: ProducerError.alreadyStarted) { try producer.start(on: delivery) { _ in } }
                _ = try await producer.stop()
                #expect(throws: ProducerError.ended) { try producer.start(on: delivery) { _ in } }
            }
            await pool.shutdown()
        }

        /// NIO prints that a loop that is gone was asked for something; that is not this test's failure.
        @Test func aLoopThatIsGoneEndsProduction() async throws {
            let (pool, ledger, log) = (try WorkerPool(threads: 2), Ledger(), Log<Note>())
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let producers = try (0..<3).map { _ in try notedProducer(pool, group.next(), log, window: 4) }
            let unrelated = try EventLoopDelivery(eventLoop: group.next())
            let gate = Gate()
            for producer in producers {
                _ = try await producer.produceItem {
                    gate.wait()
                    return Token(0, ledger)
                }
            }
            try await group.shutdownGracefully()
            gate.open()
            for producer in producers {
                await #expect(throws: EventLoopError.shutdown) { try await producer.stop() }
                #expect(try await producer.produceItem { Token(0, ledger) } == nil)
            }
            let late = try Items(pool: pool)
            #expect(throws: EventLoopError.shutdown) { try late.start(on: unrelated) { _ in } }
            #expect(try await late.produceItem { Token(0, ledger) } == nil)
            #expect(log.entries.isEmpty)
            await ledger.drained()
            await pool.shutdown()
        }

        /// Every object of a delivery goes with its last user, whatever goes first.
        @Test(arguments: [false, true]) func nothingKeepsADelivery(deliveryGoesFirst: Bool) async throws {
            let pool = try WorkerPool(threads: 1)
            let ledger = Ledger()
            try await withLoop { loop in
                var delivery: EventLoopDelivery? = try EventLoopDelivery(eventLoop: loop)
                weak let weakly = delivery
                var producer: Items? = try Items(pool: pool)
                let delivered = Log<Int>()
                let captured = Token(-1, ledger)
                try producer?.start(on: #require(delivery)) {
                    _ = captured
                    delivered.add($0.value)
                }
                if deliveryGoesFirst { delivery = nil }
                _ = try await producer?.produceItem { Token(7, ledger) }
                #expect(await delivered.count(1) == [7])
                producer = nil
                delivery = nil
                #expect(weakly == nil)
            }
            await ledger.drained()
            await pool.shutdown()
        }
    }
#endif
