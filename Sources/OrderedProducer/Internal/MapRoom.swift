// SPDX-License-Identifier: Apache-2.0

/// How many elements may still be pulled from a base, and nothing else; ``MapRoom`` does what the methods return.
struct MapRoomStateMachine {
    /// Lets the one who waits ask again.
    typealias Wake = @Sendable () -> Void

    private enum State {
        case free(Int)
        /// There is no room, and the one who pulls waits for some.
        case waiting(Wake)
        case closed
    }

    private var state: State

    init(window: Int) {
        state = .free(window)
    }

    /// All the room there is now, or 0 where nobody wants any more. `nil`: there is none, and `wake` is called later.
    mutating func take(orWaitFor wake: @escaping Wake) -> Int? {
        switch state {
        case .free(0):
            state = .waiting(wake)
            return nil
        case .free(let room):
            state = .free(0)
            return room
        case .waiting, .closed:
            return 0
        }
    }

    /// An element was delivered. Returns what is to be called.
    mutating func delivered() -> Wake? {
        switch state {
        case .free(let room):
            state = .free(room + 1)
            return nil
        case .waiting(let wake):
            state = .free(1)
            return wake
        case .closed:
            return nil
        }
    }

    /// The iteration is over. Returns what is to be called.
    mutating func close() -> Wake? {
        defer { state = .closed }
        guard case .waiting(let wake) = state else { return nil }
        return wake
    }
}

/// The room in a map's window: taken by the one task or thread that pulls, given back by the one that iterates.
@usableFromInline
final class MapRoom: Sendable {
    private let machine: Locked<MapRoomStateMachine>
    /// Where a thread that pulls waits.
    private let gate = ThreadGate()

    @usableFromInline
    init(window: Int) {
        machine = Locked(MapRoomStateMachine(window: window))
    }

    /// Waits until more elements may be pulled, and gives how many; 0 where nobody wants any more.
    @usableFromInline
    nonisolated(nonsending) func take() async -> Int {
        while true {
            var room: Int?
            await withCheckedContinuation { continuation in
                room = machine.withLock { $0.take { continuation.resume() } }
                if room != nil { continuation.resume() }
            }
            if let room { return room }
        }
    }

    /// As ``take()``, and blocks.
    @usableFromInline
    func takeBlocking() -> Int {
        while true {
            if let room = machine.withLock({ [gate] in $0.take { gate.open() } }) { return room }
            gate.wait()
        }
    }

    @usableFromInline
    func delivered() {
        machine.withLock { $0.delivered() }?()
    }

    @usableFromInline
    func close() {
        machine.withLock { $0.close() }?()
    }
}
