// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// One program as it runs: callers side by side, the steps in between, the consumer, the end.
struct Run: Sendable {
    let program: Program
    let record = Record()
    let overtaking: Overtaking
    let pool: WorkerPool

    /// What the calls of `stop()` said: none where the producer was dropped.
    struct Outcome: Sendable {
        var stops: [Result<Int?, any Error>] = []
        var statistics: ProducerStatistics?
        /// As soon as `stop()` had returned, while items still hung.
        var whileLate: ProducerStatistics?
        var hanging = 0
    }

    init(_ program: Program) throws {
        self.program = program
        overtaking = Overtaking(program, record)
        pool = try WorkerPool(threads: program.threads)
    }

    func execute() async throws -> Outcome {
        var configuration = program.configuration
        configuration.onItemFailure = { [record] failure in record.note { $0.told.append(failure) } }
        let substitute = overtaking.producers
        return switch program.callers {
        case .items(let asks):
            try await execute(
                asks, TokenProducer.make(pool: pool, configuration: configuration, substitute: substitute))
        case .transform(let asks):
            try await execute(
                asks, TokenTransform.make(pool: pool, configuration: configuration, substitute: substitute))
        }
    }

    private func execute<S: Subject>(_ callers: [[Program.Ask<S.Way>]], _ subject: S) async throws -> Outcome {
        let consumer = ProgramConsumer(program, record, overtaking, subject)
        var outcome = Outcome()
        if program.attachesFirst { try await consumer.attach() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for asks in callers { group.addTask { try await call(asks, subject) } }
            try await perform(program.before, subject)
            if !program.attachesFirst { try await consumer.attach() }
            try await perform(program.after, subject)
            subject.resume()
            switch program.end {
            case .stopProducing:
                record.note { $0.endedAtOnce = true }
                subject.stopProducing()
            case .finish: subject.finish()
            case .stopWhileAsked: outcome.stops.append(await Self.outcome { try await subject.stop() })
            default: break
            }
            try await group.waitForAll()
        }
        // A consumer may have paused after the steps; `stop()` lifts that as well.
        if program.end == .drop { return outcome }
        outcome.stops += await stops(subject)
        if record.snapshot.isAttached, program.consumer != .sink { await record.consumerEnded.opened() }
        outcome.hanging = overtaking.hanging
        outcome.whileLate = subject.statistics
        try await checkThatItIsOver(subject)
        overtaking.letAllGo()
        while subject.statistics.late > 0 { await Task.yield() }
        outcome.statistics = subject.statistics
        return outcome
    }

    private func stops(_ subject: any Subject) async -> [Result<Int?, any Error>] {
        switch program.end {
        case .stopBlocking:
            return [await Self.outcome { try await onThread { try subject.stopBlocking() } }]
        case .stopTwice:
            async let one = Self.outcome { try await subject.stop() }
            async let other = Self.outcome { try await onThread { try subject.stopBlocking() } }
            return await [one, other]
        case .shutdown:
            async let closed: Void = pool.shutdown()
            let result = await Self.outcome { try await subject.stop() }
            overtaking.letAllGo()  // the pool waits for them
            await closed
            return [result]
        default:
            return [await Self.outcome { try await subject.stop() }]
        }
    }

    private static func outcome(
        _ body: @Sendable () async throws -> Int?
    ) async -> Result<Int?, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// After the end: nothing is accepted, nobody is attached, `stop()` gives nil.
    private func checkThatItIsOver<S: Subject>(_ subject: S) async throws {
        for way in [S.Way.suspending, .trying] {
            do {
                let make = Make(-1, record.ledger)
                let reply = try await subject.ask(way, [make])
                if case .ended = reply {} else { record.complain("accepted after the end") }
            } catch ProducerError.poolShutDown where program.end == .shutdown {}
        }
        do {
            _ = try subject.items()
            record.complain("a consumer was attached after the end")
        } catch ProducerError.ended, ProducerError.alreadyStarted {}
        if try await subject.stop() != nil { record.complain("a value was given twice") }
    }

    private func perform(_ steps: [Program.Step], _ subject: any Subject) async throws {
        for step in steps {
            switch step {
            case .pause: subject.pause()
            case .resume: subject.resume()
            case .resize(let threads): try pool.resize(threads: threads)
            case .look:
                let statistics = subject.statistics
                if statistics.delivered > statistics.requested { record.complain("delivered more than was requested") }
            case .yield: for _ in 0..<10 { await Task.yield() }
            }
        }
    }

    private func call<S: Subject>(_ asks: [Program.Ask<S.Way>], _ subject: S) async throws {
        for ask in asks {
            let makes = ask.items.map { make($0, subject, ask.way) }
            var reply = Reply.full
            while case .full = reply {
                if ask.isCancelled {
                    let caller = Task { try await subject.ask(ask.way, makes) }
                    caller.cancel()
                    do { reply = try await caller.value } catch is CancellationError { break }
                } else {
                    reply = try await subject.ask(ask.way, makes)
                }
                if case .full = reply { await Task.yield() }
            }
            record.accepted(ask.items, asTask: ask.way.isTask, reply)
            if case .accepted(_, let sequence?, _) = reply, let gate = makes[0].gate {
                overtaking.hangs(gate, at: sequence)
            }
            if case .ended = reply { return }
        }
    }

    /// What the item's function does. It does not keep the producer: dropping that is one of the endings.
    private func make(_ item: Program.Item, _ subject: any Subject, _ way: some AskingWay) -> Make {
        let asTask = way.isTask
        var make = Make(item.value, record.ledger)
        make.fails = item.fails
        overtaking.prepare(&make, item)
        make.inside = { [record, weak subject] in
            for _ in 0..<item.work * 100 { _ = record.ledger.live }
            if item.fails { record.note { _ = $0.threw.insert(item.value) } }
            guard let subject else { return }
            switch item.deed {
            case .nothing: break
            case .tryProduce: nest(record, subject, waits: false)
            case .produceBlocking: nest(record, subject, waits: !asTask)
            case .stopProducing:
                record.note { $0.endedAtOnce = true }
                subject.stopProducing()
            case .stop:
                // A task's stop() is recognised as well, but only its awaited form.
                if !asTask { expectDeadlock(record) { _ = try subject.stopBlocking() } }
            }
        }
        return make
    }
}

/// Asks for one more item from inside an item or a consumer.
func nest(_ record: Record, _ subject: any Subject, waits: Bool) {
    let number = record.note { notes -> Int in
        notes.nested += 1
        return notes.nested
    }
    let item = Program.Item(value: Record.nestedValues + number, fails: false, work: 0, deed: .nothing)
    let make = Make(item.value, record.ledger)
    do {
        let reply = waits ? try subject.askBlocking(make) : try subject.askWithoutWaiting(make)
        record.accepted([item], asTask: false, reply)
    } catch ProducerError.wouldDeadlock where waits {
    } catch ProducerError.poolShutDown {
    } catch {
        record.complain("a nested call threw \(error)")
    }
}

func expectDeadlock(_ record: Record, _ body: () throws -> Void) {
    do {
        try body()
        record.complain("stop() returned inside production")
    } catch ProducerError.wouldDeadlock {
    } catch {
        record.complain("stop() inside production threw \(error)")
    }
}
