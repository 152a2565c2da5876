// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Synchronization
import Testing

/// What all forms of `mapInOrder` promise.
@Suite(.endsWithin(minutes: 1))
struct MapInOrderTests {
    @Test(arguments: MapForm.allCases, [1, 2, 3, 64])
    func outputsArriveInTheOrderOfTheElements(form: MapForm, window: Int) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource((0..<500).map { Make($0, ledger) })
            let outcome = await MapOutcome.of(form.map(source, window: window, pool: try WorkerPool(threads: 2)))
            #expect(outcome.received == Array(0..<500))
            #expect(outcome.error == nil)
        }
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases)
    func emptyBase(form: MapForm) async throws {
        let outcome = await MapOutcome.of(form.map(MapSource([]), pool: try WorkerPool(threads: 1)))
        #expect(outcome.received == [])
        #expect(outcome.error == nil)
    }

    @Test(arguments: MapForm.allCases)
    func nothingHappensBeforeTheFirstStep(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource([Make(0, ledger)])
            let sequence = form.map(source, pool: try WorkerPool(threads: 1))
            func open(_ sequence: some AsyncSequence<Token, any Error>) { _ = sequence.makeAsyncIterator() }
            open(sequence)
            #expect(source.pulled == 0)
        }
        await ledger.drained()
    }

    /// The first element holds the line: as many as the window are pulled and made, and not one more.
    @Test(arguments: MapForm.allCases, [1, 2, 5])
    func windowIsExact(form: MapForm, window: Int) async throws {
        let ledger = Ledger()
        do {
            var makes = (0..<20).map { Make($0, ledger) }
            let held = Gate()
            makes[0].gate = held
            let begun = Gate()
            makes[0].begun = begun
            let others = Countdown(window - 1)
            for index in 1..<20 { makes[index].made = others }
            let source = MapSource(makes, pulls: window)
            let pool = try WorkerPool(threads: 2)
            let consumer = Task.immediate {
                await MapOutcome.of(form.map(source, window: window, pool: pool))
            }
            await source.pulls.done.opened()
            await begun.opened()
            await others.done.opened()
            #expect(source.pulled == window)
            #expect(ledger.begun == Array(0..<window))
            held.open()
            #expect(await consumer.value.received == Array(0..<20))
        }
        await ledger.drained()
    }

    /// The elements wait for each other in pairs, which they can only if two are made at once; never are three.
    @Test(arguments: MapForm.allCases)
    func widthIsReachedAndKept(form: MapForm) async throws {
        let ledger = Ledger()
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        do {
            let makes = stride(from: 0, to: 40, by: 2).flatMap { value -> [Make] in
                let first = Gate()
                let second = Gate()
                return [(value, first, second), (value + 1, second, first)].map { value, mine, other in
                    var make = Make(value, ledger)
                    make.begun = mine
                    make.gate = other
                    make.inside = { running.subtract(1, ordering: .relaxed) }
                    return make
                }
            }
            let pool = try WorkerPool(threads: 4)
            let begin = { @Sendable in
                let now = running.add(1, ordering: .relaxed).newValue
                most.max(now, ordering: .relaxed)
            }
            let sequence = form.map(MapSource(makes), width: 2, window: nil, pool: pool) {
                begin()
                return try $0.run()
            } asTask: {
                begin()
                return try await $0.runAsTask()
            }
            let received = await MapOutcome.of(sequence).received
            #expect(received == Array(0..<40))
        }
        #expect(most.load(ordering: .relaxed) == 2)
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases, 0..<8)
    func failureIsThrownInItsPlace(form: MapForm, position: Int) async throws {
        let ledger = Ledger()
        do {
            var makes = (0..<8).map { Make($0, ledger) }
            makes[position].fails = true
            let source = MapSource(makes)
            let outcome = await MapOutcome.of(form.map(source, window: 4, pool: try WorkerPool(threads: 2)))
            #expect(outcome.received == Array(0..<position))
            #expect(outcome.error as? TestError == TestError(value: position))
        }
        await ledger.drained()
    }

    /// The later one fails first, and must wait.
    @Test(arguments: MapForm.allCases)
    func theFirstOfSeveralFailuresIsThrown(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            var makes = (0..<6).map { Make($0, ledger) }
            let held = Gate()
            makes[2].fails = true
            makes[2].gate = held
            makes[3].fails = true
            makes[3].inside = { held.open() }
            let outcome = await MapOutcome.of(form.map(MapSource(makes), pool: try WorkerPool(threads: 4)))
            #expect(outcome.received == [0, 1])
            #expect(outcome.error as? TestError == TestError(value: 2))
        }
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases.filter(\.isAsyncBase), 0..<6)
    func errorOfTheBaseIsThrownInItsPlace(form: MapForm, position: Int) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource((0..<position).map { Make($0, ledger) }, failure: TestError(value: 100))
            let outcome = await MapOutcome.of(form.map(source, window: 3, pool: try WorkerPool(threads: 2)))
            #expect(outcome.received == Array(0..<position))
            #expect(outcome.error as? TestError == TestError(value: 100))
        }
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases)
    func nothingIsPulledBehindAFailure(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            var makes = (0..<100).map { Make($0, ledger) }
            makes[0].fails = true
            let source = MapSource(makes)
            let outcome = await MapOutcome.of(form.map(source, window: 4, pool: try WorkerPool(threads: 2)))
            #expect(outcome.received == [])
            #expect(source.pulled <= 4)
        }
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases, [(0, 1), (1, 0), (-1, 4), (.min, nil)] as [(Int, Int?)])
    func valuesOutOfRangeAreThrown(form: MapForm, value: (width: Int, window: Int?)) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource([Make(0, ledger)])
            let outcome = await MapOutcome.of(
                form.map(source, width: value.width, window: value.window, pool: try WorkerPool(threads: 1)))
            guard case .invalidConfiguration? = outcome.error as? ProducerError else {
                Issue.record("thrown: \(String(describing: outcome.error))")
                return
            }
            #expect(source.pulled == 0)
        }
        await ledger.drained()
    }

    @Test func poolThatIsShutDown() async throws {
        let pool = try WorkerPool(threads: 1)
        await pool.shutdown()
        await #expect(throws: ProducerError.poolShutDown) {
            for try await _ in (0..<3).mapInOrder(pool: pool, { $0 }) {}
        }
    }

    @Test func mapsOfMaps() async throws {
        let pool = try WorkerPool(threads: 2)
        let sums = try await (0..<300)
            .mapInOrder(window: 8, pool: pool) { $0 * 2 }
            .mapInOrder(width: 3) { value in
                await Task.yield()
                return value + 1
            }
            .mapInOrder(width: 1, pool: pool) { "\($0)" }
            .reduce(into: []) { $0.append($1) }
        #expect(sums == (0..<300).map { "\($0 * 2 + 1)" })
    }

    @Test(arguments: MapForm.allCases)
    func eachIteratorIsAnIterationOfItsOwn(form: MapForm) async throws {
        let pool = try WorkerPool(threads: 2)
        let stream = AsyncStream { continuation in
            for value in 0..<10 { continuation.yield(value) }
            continuation.finish()
        }
        func twice(_ sequence: some AsyncSequence<Int, any Error>) async throws {
            for _ in 0..<2 { #expect(try await sequence.reduce(into: []) { $0.append($1) } == Array(0..<10)) }
        }
        switch form {
        case .onPool: try await twice((0..<10).mapInOrder(pool: pool) { $0 })
        case .asTasks: try await twice((0..<10).mapInOrder(width: 2) { value async in value })
        case .confinedOnPool: try await twice((0..<10).lazy.map { $0 }.mapInOrder(pool: pool) { $0 })
        case .confinedAsTasks:
            try await twice((0..<10).lazy.map { $0 }.mapInOrder(width: 2) { value async in value })
        case .asyncOnPool, .asyncAsTasks:
            // A stream has one iteration for all; its elements arrive, and there is an end.
            #expect(try await stream.mapInOrder(width: 2) { $0 }.reduce(into: []) { $0.append($1) } == Array(0..<10))
        }
    }

    /// Of the iterating task; a thread has none.
    @Test(arguments: MapForm.allCases.filter(\.runsTasks))
    func tasksInheritTaskLocalValues(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource((0..<20).map { Make($0, ledger) })
            let sequence = Self.$value.withValue(7) {
                form.map(source, width: 2, window: 3, pool: .shared, transform: { _ in 0 }, asTask: { _ in Self.value })
            }
            func values(_ sequence: some AsyncSequence<Int, any Error>) async throws -> [Int] {
                try await sequence.reduce(into: []) { $0.append($1) }
            }
            let values = try await Self.$value.withValue(8) { try await values(sequence) }
            #expect(values == Array(repeating: 8, count: 20))
        }
        await ledger.drained()
    }

    @TaskLocal private static var value = 0

    @Test @MainActor func confinedBaseIsPulledOnTheIteratingActor() async throws {
        var pulled = 0
        let base = AnyIterator {
            MainActor.assertIsolated()
            pulled += 1
            return pulled <= 5 ? pulled : nil
        }
        var received: [Int] = []
        for try await value in base.mapInOrder(window: 2, { $0 }) { received.append(value) }
        #expect(received == [1, 2, 3, 4, 5])
        #expect(pulled == 6)
    }
}
