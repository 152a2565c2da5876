// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix
    import OrderedProducer
    import OrderedProducerNIO
    import Testing

    @Suite(.endsWithin(minutes: 5)) struct EventLoopDeliveryTests {
        typealias Items = OrderedItemProducer<Int, Never>

        @Test func itemsArriveInOrderOnTheLoopHoweverTheyFinish() async throws {
            let count = 500
            let pool = try WorkerPool(threads: 4)
            let delivered = Log<(item: Int, onLoop: Bool)>()
            try await withLoop { loop in
                let producer = try Items(pool: pool, configuration: .init(window: 64))
                try producer.start(on: EventLoopDelivery(eventLoop: loop)) { item in
                    delivered.add((item, loop.inEventLoop))
                }
                var random = SeededGenerator(seed: 1)
                for item in 0..<count {
                    let rounds = Int.random(in: 0..<2_000, using: &random)
                    if item.isMultiple(of: 3) {
                        _ = try await producer.produceItem {
                            for _ in 0..<rounds % 7 { await Task.yield() }
                            return item
                        }
                    } else {
                        _ = try await producer.produceItem { (0..<rounds).reduce(0, ^) & 0 + item }
                    }
                }
                #expect(try await producer.stop() == nil)
            }
            #expect(delivered.entries.map(\.item) == Array(0..<count))
            #expect(!delivered.entries.contains { !$0.onLoop })
            await pool.shutdown()
        }

        @Test func transformsDeliverOnTheLoopToo() async throws {
            let pool = try WorkerPool(threads: 2)
            let delivered = Log<Int>()
            try await withLoop { loop in
                let producer = try OrderedTransform<Int, Int, Never>(pool: pool) { $0 * 2 }
                try producer.start(on: EventLoopDelivery(eventLoop: loop)) { delivered.add($0) }
                #expect(try await producer.produce(contentsOf: Array(0..<300)) == 300)
                _ = try await producer.stop()
            }
            #expect(delivered.entries == (0..<300).map { $0 * 2 })
            await pool.shutdown()
        }

        /// What was asked for before the start has no finish left that could tell the loop.
        @Test func whatWasFinishedBeforeTheStartIsDelivered() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                let producer = try Items(pool: pool)
                for item in 0..<5 { _ = try await producer.produceItem { item } }
                while producer.statistics.finishedWaiting < 5 { await Task.yield() }
                let delivered = Log<Int>()
                try producer.start(on: EventLoopDelivery(eventLoop: loop)) { delivered.add($0) }
                #expect(await delivered.count(5) == Array(0..<5))
                _ = try await producer.stop()
            }
            await pool.shutdown()
        }

        @Test func manyFinishedHeadsWakeTheLoopOnce() async throws {
            let pool = try WorkerPool(threads: 2)
            try await withLoop { inner in
                let loop = CountingLoop(inner)
                let delivery = try EventLoopDelivery(eventLoop: loop)
                let delivered = Log<Int>()
                let producers = try (0..<100).map { _ in try Items(pool: pool, configuration: .init(window: 2)) }
                for producer in producers { try producer.start(on: delivery) { delivered.add($0) } }
                // All starts are behind this, so that every lane waits to be named.
                try await inner.submit {}.get()
                let goOn = Gate()
                await hold(inner, until: goOn)
                let before = loop.executions
                for (index, producer) in producers.enumerated() { _ = try await producer.produceItem { index } }
                while producers.contains(where: { $0.statistics.finishedWaiting == 0 }) { await Task.yield() }
                #expect(loop.executions == before + 1)
                goOn.open()
                #expect(Set(await delivered.count(100)) == Set(0..<100))
                for producer in producers { _ = try await producer.stop() }
            }
            await pool.shutdown()
        }

        /// A producer with much to deliver is put off after its quantum, and the loop does other work in between.
        @Test func producersTakeTurns() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                let delivery = try EventLoopDelivery(eventLoop: loop)
                let delivered = Log<String>()
                let much = try OrderedItemProducer<String, Never>(pool: pool)
                let little = try OrderedItemProducer<String, Never>(pool: pool)
                try much.start(on: delivery) { delivered.add($0) }
                try little.start(on: delivery) { delivered.add($0) }
                try await loop.submit {}.get()
                let goOn = Gate()
                await hold(loop, until: goOn)
                for _ in 0..<500 { _ = try await much.produceItem { "much" } }
                while much.statistics.finishedWaiting < 500 { await Task.yield() }
                _ = try await little.produceItem { "little" }
                while little.statistics.finishedWaiting < 1 { await Task.yield() }
                loop.execute { delivered.add("task") }
                goOn.open()
                let order = await delivered.count(502)
                let position = try #require(order.firstIndex(of: "little"))
                #expect(position <= 64)
                #expect(try #require(order.firstIndex(of: "task")) < 500)
                _ = try await much.stop()
                _ = try await little.stop()
            }
            await pool.shutdown()
        }

        @Test func nothingWaitsOnTheLoop() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                let gate = Gate()
                let producer = try Items(pool: pool, configuration: .init(window: 2))
                let transform = try OrderedTransform<Int, Int, Never>(pool: pool, configuration: .init(window: 2)) {
                    $0
                }
                let delivery = try EventLoopDelivery(eventLoop: loop)
                try producer.start(on: delivery) { _ in }
                try transform.start(on: delivery) { _ in }
                let errors = try await loop.submit { () throws -> [ProducerError?] in
                    for _ in 0..<2 {
                        #expect(
                            try producer.produceItem {
                                gate.wait()
                                return 0
                            } != nil)
                        #expect(try transform.produce(0) != nil)
                    }
                    #expect(try producer.tryProduceItem { 0 } == .full)
                    let calls: [() throws -> Void] = [
                        { _ = try producer.produceItem { 0 } }, { _ = try transform.produce(0) },
                        { _ = try transform.produce(contentsOf: [1, 2]) }, { _ = try producer.stop() },
                    ]
                    return calls.map { call in
                        do {
                            try call()
                            return nil
                        } catch {
                            return error as? ProducerError
                        }
                    }
                }.get()
                #expect(errors == [.wouldDeadlock, .wouldDeadlock, .wouldDeadlock, .wouldDeadlock])
                gate.open()
                _ = try await transform.stop()
                _ = try await producer.stop()
                // After the end there is nothing to wait for.
                #expect(try await loop.submit { try producer.stop() }.get() == nil)
            }
            await pool.shutdown()
        }

        @Test func pausedProducersDeliverNothing() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { loop in
                let delivered = Log<Int>()
                let producer = try Items(pool: pool)
                try producer.start(on: EventLoopDelivery(eventLoop: loop)) { delivered.add($0) }
                producer.pause()
                for item in 0..<3 { _ = try await producer.produceItem { item } }
                while producer.statistics.finishedWaiting < 3 { await Task.yield() }
                try await loop.submit {}.get()
                #expect(delivered.entries.isEmpty)
                producer.resume()
                #expect(await delivered.count(3) == [0, 1, 2])
                _ = try await producer.stop()
            }
            await pool.shutdown()
        }
    }
#endif
