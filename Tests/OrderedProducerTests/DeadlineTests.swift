// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// Deadlines here are over by the time anybody looks, or never are; an item that hangs waits for a gate.
@Suite(.endsWithin(minutes: 1))
struct DeadlineTests {
    typealias Items = DeadlineScene.Items
    typealias Form = DeadlineScene.Form

    /// The values that `kind` of consumer gets until the end, and what ended it.
    private func receive(
        _ kind: Consumer.Kind, from items: Items
    ) async throws -> (values: [Int], failure: ItemFailure?) {
        let values = Locked<[Int]>([])
        let note = { @Sendable (token: Token) in values.withLock { $0.append(token.value) } }
        var iteration: Task<Void, Never>?
        switch kind {
        case .thread:
            try await items.start { items in
                for item in items { note(item) }
                return 0
            }
        case .sink: try items.start(onItem: note)
        case .sequence:
            let sequence = try items.items()
            iteration = Task { do { for try await item in sequence { note(item) } } catch {} }
        }
        var failure: ItemFailure?
        do { _ = try await items.stop() } catch let error as ItemFailure { failure = error }
        await iteration?.value
        return (values.withLock { $0 }, failure)
    }

    @Test(arguments: Form.allCases, Consumer.Kind.allCases)
    func aSubstituteTakesThePlaceOfAHungItem(form: Form, kind: Consumer.Kind) async throws {
        let ledger: Ledger
        do {
            let substitutes = Ledger()
            let scene = try DeadlineScene { Token(-1 - Int($0), substitutes) }
            ledger = scene.ledger
            try await scene.askHung(form)
            try await scene.ask(1)
            try await scene.ask(2)
            let received = try await receive(kind, from: scene.items)
            #expect(received.values == [-1, 1, 2])
            #expect(received.failure == nil)
            let statistics = scene.items.statistics
            #expect(statistics.overtaken == 1)
            #expect(statistics.late == 1)
            #expect(statistics.delivered == 3)
            scene.gate.open()
            while scene.items.statistics.late > 0 { await Task.yield() }
            await substitutes.drained()
        }
        await ledger.drained()
        #expect(ledger.born == 3)
    }

    @Test(arguments: Form.allCases)
    func anItemsOwnSubstituteComesBeforeTheProducers(form: Form) async throws {
        let scene = try DeadlineScene { _ in nil }
        let ledger = scene.ledger
        try await scene.askHung(form) { Token(-1 - Int($0), ledger) }
        #expect(try await receive(.thread, from: scene.items).values == [-1])
        scene.gate.open()
    }

    @Test(arguments: Form.allCases, Consumer.Kind.allCases)
    func nothingMayTakeItsPlace(form: Form, kind: Consumer.Kind) async throws {
        let scene = try DeadlineScene { _ in nil }
        try await scene.askHung(form)
        try await scene.ask(1)
        let received = try await receive(kind, from: scene.items)
        #expect(received.values == [1])
        #expect(received.failure == nil)
        #expect(scene.items.statistics.discarded == 1)
        scene.gate.open()
    }

    @Test(arguments: Form.allCases, [FailurePolicy.endInOrder, .failFast, .skip])
    func anErrorMayTakeItsPlace(form: Form, policy: FailurePolicy) async throws {
        let scene = try DeadlineScene(onFailure: policy) { throw TestError(value: Int($0) + 40) }
        try await scene.askHung(form, throwing: TestError(value: 0))
        try await scene.ask(1)
        let received = try await receive(.thread, from: scene.items)
        #expect(received.values == (policy == .skip ? [1] : []))
        #expect(received.failure?.sequence == (policy == .skip ? nil : 0))
        #expect(received.failure?.underlying as? TestError == (policy == .skip ? nil : TestError(value: 40)))
        #expect(scene.items.statistics.failed == 1)
        scene.gate.open()
    }

    @Test(arguments: Form.allCases, Consumer.Kind.allCases)
    func withoutASubstituteItFails(form: Form, kind: Consumer.Kind) async throws {
        let scene = try DeadlineScene()
        try await scene.askHung(form)
        let received = try await receive(kind, from: scene.items)
        #expect(received.failure?.sequence == 0)
        #expect(received.failure?.underlying is DeadlineExceeded)
        scene.gate.open()
    }

    /// Of the substitute's, once, and not of what the item throws when it is late; of those that are in time as ever.
    @Test(arguments: Form.allCases)
    func onItemFailureIsNotToldOfALateFailure(form: Form) async throws {
        let told = Locked([UInt64: [String]]())
        let scene = try DeadlineScene(onFailure: .skip) { sequence in
            throw TestError(value: Int(sequence))
        } onItemFailure: { failure in
            told.withLock { $0[failure.sequence, default: []].append("\(type(of: failure.underlying))") }
        }
        try await scene.askHung(form, throwing: CancellationError())
        _ = try await scene.items.produceItem { throw TestError(value: 1) }
        _ = try await scene.items.produceItem { () async throws in throw TestError(value: 2) }
        #expect(try await receive(.thread, from: scene.items).values == [])
        scene.gate.open()
        while scene.items.statistics.late > 0 { await Task.yield() }
        #expect(told.withLock { $0 } == [0: ["TestError"], 1: ["TestError"], 2: ["TestError"]])
    }

    /// The error of an item that comes too late is neither reported nor does it end anything.
    @Test(arguments: Form.allCases)
    func aLateFailureHasNoEffect(form: Form) async throws {
        let scene = try DeadlineScene { _ in nil }
        try await scene.askHung(form, throwing: TestError(value: 0))
        let received = Countdown(1)
        try await scene.items.start { items in
            var count = 0
            for _ in items {
                count += 1
                received.signal()
            }
            return count
        }
        try await scene.ask(1)
        await received.done.opened()
        scene.gate.open()
        while scene.items.statistics.late > 0 { await Task.yield() }
        _ = try await scene.items.produceItem { () async throws in throw TestError(value: 2) }
        let failure = await #expect(throws: ItemFailure.self) { try await scene.items.stop() }
        #expect(failure?.sequence == 2)
        #expect(failure?.underlying as? TestError == TestError(value: 2))
    }

    @Test
    func theTaskOfAnOvertakenItemIsCancelled() async throws {
        let scene = try DeadlineScene { _ in nil }
        let cancelled = Gate()
        _ = try await scene.items.produceItem(within: DeadlineScene.atOnce) { () async throws in
            await withTaskCancellationHandler {
                await cancelled.opened()
            } onCancel: {
                cancelled.open()
            }
            return Token(0, scene.ledger)
        }
        #expect(try await receive(.sequence, from: scene.items).values == [])
        await cancelled.opened()
        await scene.ledger.drained()
    }

    @Test
    func aTrackedItemThatIsOvertakenHasNoValue() async throws {
        var configuration = ProducerConfiguration()
        configuration.deadline = DeadlineScene.atOnce
        let (begun, gate) = (Gate(), Gate())
        let items = try OrderedItemProducer<Int, Int>(
            pool: WorkerPool(threads: 1), configuration: configuration, substitute: { _ in -1 })
        let tracked = try await items.produceTrackedItem {
            begun.open()
            gate.wait()
            return 1
        }
        await begun.opened()
        try await items.start { $0.reduce(0, +) }
        #expect(try await items.stop() == -1)
        #expect(await tracked?.value == nil)  // while it still hangs
        let result = await tracked?.result
        #expect(result == nil)
        gate.open()
    }

    @Test
    func aTransformHasDeadlinesToo() async throws {
        var configuration = ProducerConfiguration(window: 4)
        configuration.deadline = DeadlineScene.atOnce
        let (begun, gate) = (Gate(), Gate())
        let transform = try OrderedTransform<UInt8, UInt8, [UInt8]>(
            pool: WorkerPool(threads: 1), configuration: configuration, substitute: { UInt8($0) + 100 },
            transform: { input in
                begun.open()
                gate.wait()
                if input > 2 { throw TestError(value: 0) }
                return input
            })
        for input: UInt8 in 0..<4 { _ = try await transform.produce(input) }
        await begun.opened()
        try await transform.start { $0.map { $0 } }
        #expect(try await transform.stop() == [100, 101, 102, 103])
        #expect(transform.statistics.late == 1)
        gate.open()
    }

    @Test
    func whatIsWrongIsSaid() async throws {
        let plain = try OrderedItemProducer<Int, Int>()
        let without = ProducerError.invalidConfiguration("oip_request: the producer was created without deadlines")
        await #expect(throws: without) {
            try await plain.produceItem(within: .seconds(1)) { 1 }
        }
        await #expect(throws: without) {
            try await plain.produceItem(within: .seconds(1)) { () async throws in 1 }
        }
        for deadline in [Duration.zero, .seconds(-1)] {
            let message = ProducerError.invalidConfiguration("the deadline is \(deadline); it must be more than zero")
            await #expect(throws: message) { try await plain.produceItem(within: deadline) { 1 } }
            var configuration = ProducerConfiguration()
            configuration.deadline = deadline
            #expect(throws: message) { try OrderedItemProducer<Int, Int>(configuration: configuration) }
        }
    }

    /// Nothing that a call has brought along survives it, whatever becomes of the call.
    @Test(arguments: Form.allCases)
    func aCallThatIsNotAcceptedTakesEverythingBack(form: Form) async throws {
        let ledger = Ledger()
        do {
            let scene = try DeadlineScene(window: 1) { _ in nil }
            try await scene.askHung(.suspending)
            let token = Token(7, ledger)
            let items = scene.items
            let waiting = Task {
                switch form {
                case .suspending:
                    try await items.produceItem(within: .seconds(3600), substitute: { _ in token }, { token })
                case .blocking:
                    try await onThread {
                        try items.produceItem(within: .seconds(3600), substitute: { _ in token }, { token })
                    }
                case .asTask:
                    try await items.produceItem(within: .seconds(3600), substitute: { _ in token }) { () async in token
                    }
                }
            }
            if form != .blocking {
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
            items.stopProducing()
            if form == .blocking { #expect(try await waiting.value == nil) }
            scene.gate.open()
        }
        await ledger.drained()
    }

    /// An hour is enough for these: their substitutes are not needed, and go unused.
    @Test(arguments: Form.allCases)
    func aSubstituteThatIsNotNeededIsGivenBack(form: Form) async throws {
        let ledger = Ledger()
        do {
            let scene = try DeadlineScene { _ in nil }
            let token = Token(7, ledger)
            let items = scene.items
            switch form {
            case .suspending:
                _ = try await items.produceItem(within: .seconds(3600), substitute: { _ in token }, { token })
            case .blocking:
                try await onThread {
                    _ = try items.produceItem(within: .seconds(3600), substitute: { _ in token }, { token })
                }
            case .asTask:
                _ = try await items.produceItem(within: .seconds(3600), substitute: { _ in token }) { () async in
                    token
                }
            }
            #expect(try await receive(.thread, from: items).values == [7])
            #expect(items.statistics.overtaken == 0)
        }
        await ledger.drained()
    }
}
