// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
struct MapRoomTests {
    /// The machine as a reference, since `#expect` calls no mutating methods.
    private final class Machine {
        private var machine: MapRoomStateMachine

        init(window: Int) { machine = MapRoomStateMachine(window: window) }

        func take() -> Int? { machine.take {} }
        func delivered() -> Bool { machine.delivered() != nil }
        func close() -> Bool { machine.close() != nil }
    }

    @Test func givesAsMuchAsTheWindowHolds() {
        let machine = Machine(window: 2)
        #expect(machine.take() == 2)
        #expect(machine.take() == nil)
        #expect(machine.delivered())
        #expect(machine.take() == 1)
        #expect(machine.take() == nil)
    }

    @Test func roomIsGivenBack() {
        let machine = Machine(window: 3)
        #expect(machine.take() == 3)
        #expect(!machine.delivered())
        #expect(!machine.delivered())
        #expect(machine.take() == 2)
        #expect(machine.take() == nil)
    }

    /// What is delivered before the one who waits asks again is there, too.
    @Test func theOneWhoWaitsIsToldOnce() {
        let machine = Machine(window: 2)
        #expect(machine.take() == 2)
        #expect(machine.take() == nil)
        #expect(machine.delivered())
        #expect(!machine.delivered())
        #expect(machine.take() == 2)
    }

    @Test func closingReleasesTheOneWhoWaits() {
        let machine = Machine(window: 1)
        #expect(machine.take() == 1)
        #expect(machine.take() == nil)
        #expect(machine.close())
        #expect(machine.take() == 0)
        #expect(!machine.delivered())
        #expect(!machine.close())
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func takingWaitsForRoom(blocks: Bool) async throws {
        let room = MapRoom(window: 1)
        func take() async throws -> Int {
            if blocks { return try await onThread { room.takeBlocking() } }
            return await room.take()
        }
        #expect(try await take() == 1)
        async let second = take()
        room.delivered()
        #expect(try await second == 1)
        async let third = take()
        room.close()
        #expect(try await third == 0)
    }
}
