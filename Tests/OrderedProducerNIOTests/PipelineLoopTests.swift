// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix
    import OrderedProducer
    import Testing

    @testable import OrderedProducerNIO

    private struct Weak {
        weak var part: PipelineLoop?
    }

    /// What connections of one loop share: producers that are lent.
    @Suite(.endsWithin(minutes: 5)) struct PipelineLoopTests {
        @Test func aDrainedProducerIsLentAgain() async throws {
            let lines = FakeLines()
            try await withLoop { loop in
                let pipeline = try lines.pipeline(window: 1)
                try await loop.submit {
                    let part = try pipeline.part(on: loop)
                    let first = try part.borrow()
                    let second = try part.borrow()
                    #expect(first !== second)
                    part.giveBack(first)
                    #expect(try part.borrow() === first)
                    part.giveBack(second)
                    part.end()
                    #expect(try part.borrow() !== second)
                }.get()
            }
        }

        @Test func afterTheEndNothingIsKept() async throws {
            let lines = FakeLines()
            try await withLoop { loop in
                let pipeline = try lines.pipeline(window: 1)
                try await loop.submit {
                    let part = try pipeline.part(on: loop)
                    part.giveBack(try part.borrow())
                    #expect(lines.log.entries == [.made])
                    part.end()
                    #expect(lines.log.entries == [.made, .gone])
                    part.giveBack(try part.borrow())
                    #expect(lines.log.entries == [.made, .gone, .made, .gone])
                }.get()
            }
        }

        @Test func noMoreThan128SpareProducersAreKept() async throws {
            let lines = FakeLines()
            try await withLoop { loop in
                let pipeline = try lines.pipeline(window: 1)
                try await loop.submit {
                    let part = try pipeline.part(on: loop)
                    for line in try (0..<130).map({ _ in try part.borrow() }) { part.giveBack(line) }
                    #expect(lines.log.entries.count { $0 == .gone } == 2)
                }.get()
            }
        }

        /// A part that was made before lives on with those who have it; later ones have ended from the beginning.
        @Test func aPipelineThatIsShutDownKeepsNoPart() async throws {
            try await withLoop { loop in
                let pipeline = try FakeLines().pipeline(window: 1)
                let weakly = try await loop.submit {
                    let part = try pipeline.part(on: loop)
                    #expect(try pipeline.part(on: loop) === part)
                    return NIOLoopBound(Weak(part: part), eventLoop: loop)
                }.get()
                #expect(try await loop.submit { weakly.value.part != nil }.get())
                pipeline.shutDown()
                // The loop lets go of what it was given to do some time after it has done it.
                while try await loop.submit({ weakly.value.part != nil }).get() { try Task.checkCancellation() }
                try await loop.submit {
                    let part = try pipeline.part(on: loop)
                    #expect(part.hasEnded)
                    #expect(try pipeline.part(on: loop) !== part)
                }.get()
            }
        }

        /// Its spare producers end with it; nobody wants to see how, and the loop may be gone.
        @Test func aPartThatGoesWakesNoLoop() async throws {
            let pool = try WorkerPool(threads: 1)
            try await withLoop { inner in
                let loop = CountingLoop(inner)
                var pipeline: OrderedPipeline<Job, Int>? = try OrderedPipeline(pool: pool) { try $0.answer() }
                try await inner.submit { [pipeline] in
                    let part = try pipeline!.untyped.part(on: loop)
                    part.giveBack(try part.borrow())
                }.get()
                try await inner.submit {}.get()
                let before = loop.executions
                pipeline = nil
                await pool.shutdown()
                #expect(loop.executions == before)
            }
        }

        @Test func askingTellsWhereARequestWasNotTaken() async throws {
            let pool = try WorkerPool(threads: 1)
            let synchronous = try OrderedPipeline(pool: pool, window: 2) { (job: Job) in try job.answer() }
            let asTasks = try OrderedPipeline(window: 2) { (job: Job) in try await job.answerAsTask() }
            try await withLoop { loop in
                for pipeline in [synchronous, asTasks] {
                    let gate = Gate()
                    let answers = try await loop.submit {
                        let line = try pipeline.untyped.part(on: loop).borrow()
                        var kept = KeptRequests()
                        for number in 0..<5 { kept.append(NIOAny(Job(number, gate: gate))) }
                        return (try line.ask(2, of: &kept), try line.ask(1, of: &kept))
                    }.get()
                    #expect(answers == (true, false))
                    gate.open()
                    pipeline.shutDown()
                }
            }
            await pool.shutdown()
        }

        @Test func keptRequestsComeOutInTheirOrder() {
            let reader = RequestReader<Int>()
            var kept = KeptRequests()
            #expect(kept.isEmpty)
            for request in 0..<5 { kept.append(NIOAny(request)) }
            #expect((0..<2).map { _ in reader.next(of: &kept) } == [0, 1])
            kept.append(NIOAny(5))
            #expect(kept.count == 4)
            #expect((0..<5).map { _ in reader.next(of: &kept) } == [2, 3, 4, 5, nil])
            #expect(kept.isEmpty)
            kept.append(NIOAny(6))
            kept.removeAll()
            #expect(kept.isEmpty)
            #expect(reader.next(of: &kept) == nil)
        }

        /// Neither requests that were taken out nor their places.
        @Test func nothingIsKeptOfRequestsThatWereTaken() {
            let (reader, ledger) = (RequestReader<Token>(), Ledger())
            var kept = KeptRequests()
            for number in 0..<3 { kept.append(NIOAny(Token(number, ledger))) }
            #expect(reader.next(of: &kept)?.value == 0)
            #expect(ledger.live == 2)
            _ = (reader.next(of: &kept), reader.next(of: &kept))
            #expect(ledger.live == 0)
            #expect((Mirror(reflecting: kept).descendant("requests") as? [NIOAny?])?.isEmpty == true)
        }
    }
#endif
