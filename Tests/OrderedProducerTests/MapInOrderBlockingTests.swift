// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

/// The base of a `mapInOrder` blocks, or suspends, until the test has seen what it waits for.
@Suite(.endsWithin(minutes: 1))
struct MapInOrderBlockingTests {
    private static let unconfined = MapForm.allCases.filter { !$0.isConfined }

    /// Each element, and the end, comes only after the item before it was received.
    @Test(arguments: unconfined, [1, 2, 64])
    func finishedItemsDoNotWaitForTheBase(form: MapForm, window: Int) async throws {
        let ledger = Ledger()
        do {
            let gates = Dictionary(uniqueKeysWithValues: (1...20).map { ($0, Gate()) })
            let source = MapSource((0..<20).map { Make($0, ledger) }, gates: gates)
            let outcome = await MapOutcome.of(form.map(source, window: window, pool: try WorkerPool(threads: 2))) {
                gates[$0 + 1]?.open()
            }
            #expect(outcome.received == Array(0..<20))
            #expect(outcome.error == nil)
        }
        await ledger.drained()
    }

    /// Something else has to happen on the actor before the base gives its first element.
    @Test(arguments: [false, true]) @MainActor
    func blockingBaseDoesNotHoldTheIteratingActor(asTasks: Bool) async throws {
        let ledger = Ledger()
        do {
            let gate = Gate()
            let base = MapBase(source: MapSource([Make(0, ledger)], gates: [0: gate]))
            Task { @MainActor in gate.open() }
            var received: [Int] = []
            if asTasks {
                for try await token in base.mapInOrder(width: 1, { try await $0.runAsTask() }) {
                    received.append(token.value)
                }
            } else {
                for try await token in base.mapInOrder(pool: try WorkerPool(threads: 1), { try $0.run() }) {
                    received.append(token.value)
                }
            }
            #expect(received == [0])
        }
        await ledger.drained()
    }

    /// The pool has one thread, which another item needs before the base gives its next element.
    @Test func blockingBaseDoesNotHoldAThreadOfThePool() async throws {
        let ledger = Ledger()
        do {
            let pool = try WorkerPool(threads: 1)
            let gate = Gate()
            let source = MapSource([Make(0, ledger), Make(1, ledger)], pulls: 1, gates: [1: gate])
            let outcome = Task { await MapOutcome.of(MapForm.onPool.map(source, pool: pool)).received }
            await source.pulls.done.opened()
            try await pool.run { gate.open() }
            #expect(await outcome.value == [0, 1])
        }
        await ledger.drained()
    }

    /// The thread of the base ends as soon as the base lets it: what it holds is destroyed then.
    @Test(arguments: unconfined, [false, true])
    func leavingDoesNotWaitForTheBase(form: MapForm, byCancellation: Bool) async throws {
        let ledger = Ledger()
        let gate = Gate()
        do {
            let source = MapSource((0..<3).map { Make($0, ledger) }, gates: [1: gate])
            let sequence = form.map(source, pool: try WorkerPool(threads: 1))
            if byCancellation {
                let first = Gate()
                let consumer = Task { await MapOutcome.of(sequence) { _ in first.open() } }
                await first.opened()
                consumer.cancel()
                let outcome = await consumer.value
                #expect(outcome.received == [0])
                #expect(outcome.error is CancellationError)
            } else {
                #expect(await MapOutcome.of(sequence, first: 1).received == [0])
            }
            #expect(source.pulled == 1)
            gate.open()
        }
        await ledger.drained()
    }

    /// What is ready is taken before more is pulled. When item 2 is begun on the pool's one thread, item 1 is finished.
    @Test func confinedBaseIsPulledOnlyWhereNothingIsReady() async throws {
        let ledger = Ledger()
        do {
            let (fourth, third, received1) = (Gate(), Gate(), Gate())
            var makes = (0..<6).map { Make($0, ledger) }
            makes[0].gate = fourth
            makes[2].begun = third
            let elements = MapBase(source: MapSource(makes, gates: [3: third, 4: received1]))
            var asked = 0
            let base = AnyIterator {
                asked += 1
                if asked == 4 { fourth.open() }
                return elements.next()
            }
            var received: [Int] = []
            for try await token in base.mapInOrder(width: 2, pool: try WorkerPool(threads: 1), { try $0.run() }) {
                received.append(token.value)
                if token.value == 1 { received1.open() }
            }
            #expect(received == Array(0..<6))
        }
        await ledger.drained()
    }

    @Test(arguments: [false, true])
    func threadThatCannotBeStartedIsThrown(asTasks: Bool) async throws {
        let ledger = Ledger()
        do {
            let error = ProducerError.system("pthread_create", code: 11)
            let base = MapBase(source: MapSource([Make(0, ledger)]))
            let production =
                if asTasks {
                    try MapProduction<Make, Token>(width: 1, window: 1) { try await $0.runAsTask() }
                } else {
                    try MapProduction<Make, Token>(pool: WorkerPool(threads: 1), width: 1, window: 1) { try $0.run() }
                }
            #expect(throws: error) { try PulledMapIteration(onThread: base, production) { _ in throw error } }
            #expect(try !production.submit(Make(1, ledger)))
        }
        await ledger.drained()
    }

    /// The thread finds that nobody wants any more where it waits for room.
    @Test(arguments: [false, true])
    func theThreadEndsWithTheIteration(asTasks: Bool) async throws {
        let ended = Gate()
        let ledger = Ledger()
        do {
            let base = MapBase(source: MapSource((0..<9).map { Make($0, ledger) }))
            let production =
                if asTasks {
                    try MapProduction<Make, Token>(width: 1, window: 2) { try await $0.runAsTask() }
                } else {
                    try MapProduction<Make, Token>(pool: WorkerPool(threads: 1), width: 1, window: 2) { try $0.run() }
                }
            let iteration = try PulledMapIteration(onThread: base, production) { body in
                try BaseThread.start {
                    body()
                    ended.open()
                }
            }
            #expect(try await iteration.next()?.value == 0)
        }
        await ended.opened()
        await ledger.drained()
    }
}
