// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.timeLimit(.minutes(1)))
struct MapRoomTests {
    private enum Answer: Equatable { case room, none, wait }

    /// The machine as a reference, since `#expect` calls no mutating methods.
    private final class Machine {
        private var machine: MapRoomStateMachine
        private let continuation: MapRoomStateMachine.Continuation

        init(window: Int, _ continuation: MapRoomStateMachine.Continuation) {
            machine = MapRoomStateMachine(window: window)
            self.continuation = continuation
        }

        func take() -> Answer {
            switch machine.take(continuation) {
            case true?: .room
            case false?: .none
            case nil: .wait
            }
        }
        func delivered() -> Bool { machine.delivered() != nil }
        func close() -> Bool { machine.close() != nil }
    }

    private func withMachine(window: Int, _ body: (Machine) -> Void) async {
        _ = await withCheckedContinuation { continuation in
            body(Machine(window: window, continuation))
            continuation.resume(returning: true)
        }
    }

    @Test func givesAsMuchAsTheWindowHolds() async {
        await withMachine(window: 2) { machine in
            #expect(machine.take() == .room)
            #expect(machine.take() == .room)
            #expect(machine.take() == .wait)
            #expect(machine.delivered())
            // That room has gone to the one who waited.
            #expect(machine.take() == .wait)
        }
    }

    @Test func roomIsGivenBack() async {
        await withMachine(window: 1) { machine in
            #expect(machine.take() == .room)
            #expect(!machine.delivered())
            #expect(machine.take() == .room)
            #expect(machine.take() == .wait)
        }
    }

    @Test func closingReleasesTheOneWhoWaits() async {
        await withMachine(window: 1) { machine in
            #expect(machine.take() == .room)
            #expect(machine.take() == .wait)
            #expect(machine.close())
            #expect(machine.take() == .none)
            #expect(!machine.delivered())
            #expect(!machine.close())
        }
    }
}
