// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

/// What `withOrderedItemProducer` and `withOrderedTransform` promise with each kind of consumer.
@Suite(.endsWithin(minutes: 1))
struct ScopeTests {
    enum Form: String, CaseIterable, Sendable {
        case thread, sink, sequence, transformThread, transformSink, transformSequence
    }

    /// What the body of a scope may do.
    typealias Produce = @Sendable (Make) async throws -> UInt64?

    /// Runs a scope of this form; the number of items that were consumed. `onItem` is called where the consumer runs.
    private func scope(
        _ form: Form, window: Int = 4, pool: WorkerPool? = nil, policy: FailurePolicy = .endInOrder,
        onItem: @escaping @Sendable (Int) throws -> Void = { _ in },
        _ body: @escaping @Sendable (Produce) async throws -> Void
    ) async throws -> [Int] {
        let received = Locked([Int]())
        let take: @Sendable (Token) throws -> Void = { token in
            received.withLock { $0.append(token.value) }
            try onItem(token.value)
        }
        let pool = try pool ?? WorkerPool(threads: 2)
        var configuration = ProducerConfiguration(window: window)
        configuration.onFailure = policy
        let transform: @Sendable (Make) throws -> Token = { try $0.run() }
        let all: @Sendable () -> [Int] = { received.withLock { $0 } }
        switch form {
        case .thread:
            return try await withOrderedItemProducer(of: Token.self, pool: pool, configuration: configuration) {
                items in
                for token in items { try take(token) }
                return all()
            } produce: { producer in
                try await body { make in try await producer.produceItem { try make.run() } }
            }
        case .sequence:
            return try await withOrderedItemProducer(of: Token.self, pool: pool, configuration: configuration) {
                items in
                for try await token in items { try take(token) }
                return all()
            } produce: { producer in
                try await body { make in try await producer.produceItem { try make.run() } }
            }
        case .sink:
            return try await withOrderedItemProducer(
                of: Token.self, pool: pool, configuration: configuration, onItem: take
            ) { producer in
                try await body { make in try await producer.produceItem { try make.run() } }
                _ = try await producer.stop()
                return all()
            }
        case .transformThread:
            return try await withOrderedTransform(
                pool: pool, configuration: configuration, transform: transform
            ) { items in
                for token in items { try take(token) }
                return all()
            } produce: { producer in
                try await body { make in try await producer.produce(make) }
            }
        case .transformSequence:
            return try await withOrderedTransform(
                pool: pool, configuration: configuration, transform: transform
            ) { items in
                for try await token in items { try take(token) }
                return all()
            } produce: { producer in
                try await body { make in try await producer.produce(make) }
            }
        case .transformSink:
            return try await withOrderedTransform(
                pool: pool, configuration: configuration, transform: transform, onItem: take
            ) { producer in
                try await body { make in try await producer.produce(make) }
                _ = try await producer.stop()
                return all()
            }
        }
    }

    @Test(arguments: Form.allCases)
    func givesTheConsumersValue(form: Form) async throws {
        let ledger = Ledger()
        do {
            let received = try await scope(form) { produce in
                for value in 0..<300 { _ = try await produce(Make(value, ledger)) }
            }
            #expect(received == Array(0..<300))
        }
        #expect(ledger.live == 0)
    }

    @Test(arguments: Form.allCases)
    func failureOfAnItemIsThrown(form: Form) async throws {
        let ledger = Ledger()
        let before = Locked([Int]())
        do {
            let failure = await #expect(throws: ItemFailure.self) {
                _ = try await scope(form, onItem: { value in before.withLock { $0.append(value) } }) { produce in
                    var value = 0
                    while true {
                        var make = Make(value, ledger)
                        make.fails = value == 5
                        // What this throws is a consequence.
                        guard try await produce(make) != nil else { throw TestError(value: 100) }
                        value += 1
                    }
                }
            }
            #expect(failure?.sequence == 5)
            #expect(failure?.underlying as? TestError == TestError(value: 5))
            #expect(before.withLock { $0 } == Array(0..<5))
        }
        await ledger.drained()
    }

    @Test(arguments: Form.allCases)
    func errorOfTheConsumerIsThrown(form: Form) async throws {
        let ledger = Ledger()
        do {
            await #expect(throws: TestError(value: 3)) {
                _ = try await scope(form, onItem: { if $0 == 3 { throw TestError(value: 3) } }) { produce in
                    var value = 0
                    while try await produce(Make(value, ledger)) != nil { value += 1 }
                    throw TestError(value: 100)
                }
            }
        }
        await ledger.drained()
    }

    private typealias Ask = (@escaping @Sendable () throws -> Int) async throws -> UInt64?

    /// Item 1 fails; once that is known, `told` is opened, and an error of the body's own is thrown.
    private func produceUntilTold(_ told: Gate, _ ask: Ask) async throws {
        _ = try await ask { 0 }
        _ = try await ask { throw TestError(value: 1) }
        while try await ask({ 2 }) != nil {}
        told.open()
        throw TestError(value: 100)
    }

    /// The consumer leaves with item 0, so that item 1, which has failed, ends nothing.
    @Test(arguments: [Consumer.Kind.thread, .sequence])
    func errorOfTheBodyCountsWhereTheFailureIsNotReached(kind: Consumer.Kind) async throws {
        let told = Gate()
        await #expect(throws: TestError(value: 100)) {
            if kind == .thread {
                _ = try await withOrderedItemProducer(of: Int.self) { items in
                    for item in items {
                        told.wait()
                        return item
                    }
                    return -1
                } produce: { producer in
                    try await produceUntilTold(told) { try await producer.produceItem($0) }
                }
            } else {
                _ = try await withOrderedItemProducer(of: Int.self) { items in
                    for try await item in items {
                        await told.opened()
                        return item
                    }
                    return -1
                } produce: { producer in
                    try await produceUntilTold(told) { try await producer.produceItem($0) }
                }
            }
        }
    }

    /// The consumer has dealt with the failure: what the body throws is then what is left to tell.
    @Test func errorOfTheBodyCountsWhereTheConsumerHasCaughtTheFailure() async throws {
        let told = Gate()
        await #expect(throws: TestError(value: 100)) {
            _ = try await withOrderedItemProducer(of: Int.self) { items in
                var count = 0
                do {
                    for try await _ in items { count += 1 }
                } catch {
                    #expect((error as? ItemFailure)?.sequence == 1)
                }
                return count
            } produce: { producer in
                try await produceUntilTold(told) { try await producer.produceItem($0) }
            }
        }
    }

    /// Nothing is running any more when the scope is left: the item that was is held until the consumer has seen the
    /// end.
    @Test(arguments: Form.allCases)
    func errorOfTheBodyEndsEverything(form: Form) async throws {
        let ledger = Ledger()
        let held = Gate()
        let begun = Gate()
        let left = Gate()
        var make = Make(0, ledger)
        make.gate = held
        make.begun = begun
        make.made = Countdown(1)
        let finished = make.made!.done
        let running = Task { [make] in
            defer { left.open() }
            _ = try await scope(form) { produce in
                _ = try await produce(make)
                await begun.opened()
                for value in 1..<4 { _ = try await produce(Make(value, ledger)) }
                throw TestError(value: 100)
            }
        }
        await begun.opened()
        for _ in 0..<100 { await Task.yield() }
        #expect(!left.isOpen)
        held.open()
        await #expect(throws: TestError(value: 100)) { try await running.value }
        #expect(finished.isOpen)
    }

    @Test(arguments: Form.allCases)
    func cancellationEndsEverything(form: Form) async throws {
        let ledger = Ledger()
        do {
            let held = Gate()
            let begun = Gate()
            var make = Make(0, ledger)
            make.gate = held
            make.begun = begun
            let ended = Gate()
            let running = Task { [make] in
                try await scope(form, window: 2) { produce in
                    _ = try await produce(make)
                    await begun.opened()
                    // Waits for room until it is cancelled, or hears of the end.
                    var value = 1
                    do {
                        while try await produce(Make(value, ledger)) != nil { value += 1 }
                    } catch {
                        #expect(error is CancellationError)
                    }
                    ended.open()
                    throw TestError(value: 100)
                }
            }
            await begun.opened()
            running.cancel()
            await ended.opened()
            held.open()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
        await ledger.drained()
    }

    /// Finished items and such that have not begun, behind one that is being made.
    @Test(arguments: Consumer.Kind.allCases)
    func aCancellationHandlerDestroysNoItems(kind: Consumer.Kind) async throws {
        let ledger = Ledger()
        let ends = Locked((inside: 0, outside: 0))
        let (firstHeld, lastHeld, lastBegun, ended) = (Gate(), Gate(), Gate(), Gate())
        do {
            let pool = try WorkerPool(threads: 2)
            let configuration = ProducerConfiguration(window: 64, assists: false)
            typealias MakeWitness = @Sendable () throws -> HandlerWitness
            let produce = { @Sendable (ask: (@escaping MakeWitness) async throws -> UInt64?) in
                for value in 0..<64 {
                    let captured = HandlerWitness(ledger, ends)
                    _ = try await ask {
                        _ = captured
                        if value == 0 { firstHeld.wait() }
                        if value == 31 {
                            lastBegun.open()
                            lastHeld.wait()
                        }
                        return HandlerWitness(ledger, ends)
                    }
                }
                await ended.opened()
            }
            let running = Task {
                switch kind {
                case .thread:
                    try await withOrderedItemProducer(
                        of: HandlerWitness.self, pool: pool, configuration: configuration
                    ) { items in
                        for _ in items {}
                    } produce: { producer in
                        try await produce { try await producer.produceItem($0) }
                    }
                case .sequence:
                    try await withOrderedItemProducer(
                        of: HandlerWitness.self, pool: pool, configuration: configuration
                    ) { items in
                        for try await _ in items {}
                    } produce: { producer in
                        try await produce { try await producer.produceItem($0) }
                    }
                case .sink:
                    try await withOrderedItemProducer(
                        of: HandlerWitness.self, pool: pool, configuration: configuration, onItem: { _ in }
                    ) { producer in
                        try await produce { try await producer.produceItem($0) }
                    }
                }
            }
            await lastBegun.opened()
            Handler.cancel(running)
            firstHeld.open()
            lastHeld.open()
            ended.open()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
        await ledger.drained()
        #expect(ends.withLock { $0.inside } == 0)
    }

    @Test(arguments: Form.allCases)
    func cancelledTaskBeginsNothing(form: Form) async throws {
        let running = Task.immediate {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            _ = try await scope(form) { _ in Issue.record("the body was called") }
        }
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    @Test(arguments: Form.allCases)
    func invalidConfigurationIsThrownBeforeAnything(form: Form) async throws {
        let error = await #expect(throws: ProducerError.self) {
            _ = try await scope(form, window: 0) { _ in Issue.record("the body was called") }
        }
        guard case .invalidConfiguration? = error else {
            Issue.record("thrown: \(String(describing: error))")
            return
        }
    }

    /// Item 1 fails and ends production; item 0 before it only ends when it is cancelled, and throws what cancellation
    /// makes of it.
    @Test(arguments: Consumer.Kind.allCases, [CancellationError(), TestError(value: 0)] as [any Error & Sendable])
    func underFailFastACancelledSiblingIsNotToBlame(
        kind: Consumer.Kind, consequence: any Error & Sendable
    ) async throws {
        let told = Locked([UInt64]())
        let configuration = ProducerConfiguration(window: 4, onFailure: .failFast) { failure in
            told.withLock { $0.append(failure.sequence) }
        }
        let produce = { @Sendable (_ ask: (@escaping @Sendable () async throws -> Int) async throws -> UInt64?) in
            let (begun, cancelled) = (Gate(), Gate())
            _ = try await ask {
                await withTaskCancellationHandler {
                    begun.open()
                    await cancelled.opened()
                } onCancel: {
                    cancelled.open()
                }
                throw consequence
            }
            await begun.opened()
            _ = try await ask { throw TestError(value: 1) }
        }
        let failure = await #expect(throws: ItemFailure.self) {
            switch kind {
            case .thread:
                try await withOrderedItemProducer(of: Int.self, configuration: configuration) { items in
                    for _ in items {}
                } produce: { producer in
                    try await produce { try await producer.produceItem($0) }
                }
            case .sequence:
                try await withOrderedItemProducer(of: Int.self, configuration: configuration) { items in
                    for try await _ in items {}
                } produce: { producer in
                    try await produce { try await producer.produceItem($0) }
                }
            case .sink:
                try await withOrderedItemProducer(
                    of: Int.self, configuration: configuration, onItem: { _ in }
                ) { producer in
                    try await produce { try await producer.produceItem($0) }
                }
            }
        }
        #expect(failure?.sequence == 1)
        #expect(failure?.underlying as? TestError == TestError(value: 1))
        #expect(told.withLock { $0 } == [1])
    }

    /// A consumer that leaves ends production, and with it the item that only ends when it is cancelled.
    @Test(arguments: [FailurePolicy.endInOrder, .failFast, .skip], [false, true])
    func aCancelledSiblingDoesNotHideWhatTheConsumerMade(policy: FailurePolicy, asTask: Bool) async throws {
        let told = Locked([UInt64]())
        let configuration = ProducerConfiguration(window: 4, onFailure: policy) { failure in
            told.withLock { $0.append(failure.sequence) }
        }
        let begun = Gate()
        let produce = { @Sendable (ask: (@escaping @Sendable () async throws -> Int) async throws -> UInt64?) in
            let cancelled = Gate()
            _ = try await ask {
                await withTaskCancellationHandler {
                    begun.open()
                    await cancelled.opened()
                } onCancel: {
                    cancelled.open()
                }
                throw CancellationError()
            }
        }
        let value =
            if asTask {
                try await withOrderedItemProducer(of: Int.self, configuration: configuration) {
                    (_: AsyncOrderedItems<Int>) async in
                    await begun.opened()
                    return 42
                } produce: { producer in
                    try await produce { try await producer.produceItem($0) }
                }
            } else {
                try await withOrderedItemProducer(of: Int.self, configuration: configuration) {
                    (_: OrderedItems<Int>) in
                    begun.wait()
                    return 42
                } produce: { producer in
                    try await produce { try await producer.produceItem($0) }
                }
            }
        #expect(value == 42)
        #expect(told.withLock { $0 } == [])
    }

    /// Under `failFast` the core hears of an item that fails because the sink has before it hears of the sink.
    @Test func theSinkThatHasFailedFirstIsToBlame() async throws {
        var configuration = ProducerConfiguration(window: 4)
        configuration.onFailure = .failFast
        let pool = try WorkerPool(threads: 2)
        let begun = Countdown(2)
        let (cancelled, mayFail) = (Gate(), Gate())
        await #expect(throws: TestError(value: -1)) {
            try await withOrderedItemProducer(
                of: Int.self, pool: pool, configuration: configuration, onItem: { _ in throw TestError(value: -1) }
            ) { producer in
                _ = try await producer.produceItem {
                    begun.done.wait()
                    return 0
                }
                _ = try await producer.produceItem { () async throws in
                    await withTaskCancellationHandler {
                        begun.signal()
                        await cancelled.opened()
                    } onCancel: {
                        // On the sink's thread, which has thrown and not returned yet.
                        mayFail.open()
                        while (try? producer.tryProduceItem { 3 }) != .ended { sched_yield() }
                        cancelled.open()
                    }
                    return 1
                }
                _ = try await producer.produceItem { () async throws in
                    begun.signal()
                    await mayFail.opened()
                    throw TestError(value: 2)
                }
                await cancelled.opened()  // else the end of the scope could close the window first
            }
        }
    }
}
