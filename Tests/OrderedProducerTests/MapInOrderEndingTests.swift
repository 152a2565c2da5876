// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// The consumer of a `mapInOrder` leaves: cancelled, or of its own will.
@Suite(.endsWithin(minutes: 1))
struct MapInOrderEndingTests {
    /// The iterating task waits for an element that is never made.
    @Test(arguments: MapForm.allCases)
    func cancellationIsThrown(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            var makes = (0..<10).map { Make($0, ledger) }
            let held = Gate()
            let begun = Gate()
            makes[3].gate = held
            makes[3].begun = begun
            let source = MapSource(makes, staysOpen: true)
            let pool = try WorkerPool(threads: 2)
            let third = Gate()
            let consumer = Task {
                await MapOutcome.of(form.map(source, window: 5, pool: pool)) { if $0 == 2 { third.open() } }
            }
            await begun.opened()
            await third.opened()
            consumer.cancel()
            let outcome = await consumer.value
            #expect(outcome.received == [0, 1, 2])
            #expect(outcome.error is CancellationError)
            held.open()
        }
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases)
    func taskThatIsCancelledAlreadyPullsNothing(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource([Make(0, ledger)])
            let pool = try WorkerPool(threads: 1)
            let consumer = Task.immediate {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return await MapOutcome.of(form.map(source, pool: pool))
            }
            #expect(await consumer.value.error is CancellationError)
            #expect(source.pulled == 0)
        }
        await ledger.drained()
    }

    /// Nothing that was pulled, made or waits to be made stays.
    @Test(arguments: MapForm.allCases, [1, 3, 8])
    func leavingEarlyEndsEverything(form: MapForm, window: Int) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource((0..<1000).map { Make($0, ledger) })
            let sequence = form.map(source, window: window, pool: try WorkerPool(threads: 2))
            func takeTwo(_ sequence: some AsyncSequence<Token, any Error>) async throws {
                var received: [Int] = []
                for try await token in sequence {
                    received.append(token.value)
                    if received.count == 2 { break }
                }
                #expect(received == [0, 1])
            }
            try await takeTwo(sequence)
            // Two were delivered; a third was on its way at most where another task pulls.
            #expect(source.pulled <= 2 + window)
        }
        await ledger.drained()
    }

    @Test(arguments: MapForm.allCases.filter(\.isAsyncBase))
    func leavingEarlyCancelsTheBase(form: MapForm) async throws {
        let ledger = Ledger()
        do {
            let source = MapSource([Make(0, ledger)], staysOpen: true)
            let sequence = form.map(source, pool: try WorkerPool(threads: 1))
            func takeOne(_ sequence: some AsyncSequence<Token, any Error>) async throws {
                for try await token in sequence {
                    #expect(token.value == 0)
                    break
                }
            }
            try await takeOne(sequence)
            await source.cancelled.opened()
        }
        await ledger.drained()
    }

    /// A transform that only its cancellation ends.
    @Test(arguments: [true, false])
    func transformsThatNobodyWantsAreCancelled(byFailure: Bool) async throws {
        let cancelled = Gate()
        let begun = Gate()
        let transform: @Sendable (Int) async throws -> Int = { value in
            if value == 0 { return value }
            if value == 1 {
                await begun.opened()
                if byFailure { throw TestError(value: 1) }
                return value
            }
            begun.open()
            await withTaskCancellationHandler {
                await cancelled.opened()
            } onCancel: {
                cancelled.open()
            }
            throw CancellationError()
        }
        var received: [Int] = []
        do {
            for try await value in (0..<3).mapInOrder(width: 3, transform) {
                received.append(value)
                if value == 1 { break }
            }
        } catch {
            #expect(error as? TestError == TestError(value: 1))
        }
        await cancelled.opened()
        #expect(received == (byFailure ? [0] : [0, 1]))
    }

    @Test(arguments: MapForm.allCases)
    func cancellationAtAnyMoment(form: MapForm) async throws {
        let ledger = Ledger()
        let pool = try WorkerPool(threads: 2)
        for round in 0..<60 {
            let source = MapSource((0..<200).map { Make($0, ledger) })
            let reached = Gate()
            let consumer = Task {
                await MapOutcome.of(form.map(source, width: 3, window: 6, pool: pool)) {
                    if $0 == round { reached.open() }
                }
            }
            await reached.opened()
            consumer.cancel()
            let outcome = await consumer.value
            #expect(outcome.received == Array(0..<outcome.received.count))
            #expect(outcome.received.count == 200 ? outcome.error == nil : outcome.error is CancellationError)
        }
        await ledger.drained()
    }
}
