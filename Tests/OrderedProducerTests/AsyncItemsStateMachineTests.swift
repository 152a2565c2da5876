// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
struct AsyncItemsStateMachineTests {
    /// The machine as a reference, since `#expect` calls no mutating methods.
    private final class Machine {
        typealias Continuation = AsyncItemsStateMachine.Continuation
        private var machine = AsyncItemsStateMachine()

        func makeIterator() -> Bool { machine.makeIterator() }
        func wait(_ continuation: Continuation) -> Continuation? { machine.wait(continuation) }
        func notified() -> Continuation? { machine.notified() }
        func ended() { machine.ended() }
        func abandoned() -> Bool { machine.abandoned() }
        func sequenceDropped() -> Bool { machine.sequenceDropped() }
        var isFinished: Bool { machine.isFinished }
    }

    /// Some continuation; whoever gets it back from the machine resumes it.
    private func withContinuation(_ body: (Machine.Continuation) -> Machine.Continuation?) async {
        await withCheckedContinuation { continuation in
            let returned = body(continuation)
            #expect(returned != nil)
            returned?.resume()
        }
    }

    @Test func onlyTheFirstIteratorIterates() {
        let machine = Machine()
        #expect(machine.makeIterator())
        #expect(!machine.makeIterator())
        machine.ended()
        #expect(!machine.makeIterator())
        #expect(machine.isFinished)
    }

    @Test func noticeResumesTheWaiter() async {
        let machine = Machine()
        #expect(machine.makeIterator())
        await withContinuation { continuation in
            #expect(machine.wait(continuation) == nil)
            return machine.notified()
        }
        #expect(machine.notified() == nil)
    }

    @Test func noticeBeforeTheWaitMakesItNone() async {
        let machine = Machine()
        #expect(machine.makeIterator())
        #expect(machine.notified() == nil)
        await withContinuation { machine.wait($0) }
        await withContinuation { continuation in
            #expect(machine.wait(continuation) == nil)  // one notice, one wait
            return machine.notified()
        }
    }

    @Test func abandoningLeavesOnce() async {
        let machine = Machine()
        #expect(machine.makeIterator())
        await withContinuation { continuation in
            #expect(machine.wait(continuation) == nil)
            return machine.notified()  // a cancelled task leaves after that
        }
        #expect(machine.abandoned())
        #expect(!machine.abandoned())
        #expect(machine.notified() == nil)
        await withContinuation { machine.wait($0) }
    }

    @Test func droppingTheSequenceCountsOnlyBeforeAnyIterator() {
        let unclaimed = Machine()
        #expect(unclaimed.sequenceDropped())
        #expect(!unclaimed.sequenceDropped())
        #expect(!unclaimed.makeIterator())
        let claimed = Machine()
        #expect(claimed.makeIterator())
        #expect(!claimed.sequenceDropped())
        #expect(!claimed.isFinished)
    }

    @Test func nothingIsLeftAfterTheEnd() {
        let machine = Machine()
        #expect(machine.makeIterator())
        machine.ended()
        #expect(!machine.abandoned())
        #expect(!machine.sequenceDropped())
    }
}
