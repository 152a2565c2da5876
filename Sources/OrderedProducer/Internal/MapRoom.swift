// SPDX-License-Identifier: Apache-2.0

/// How many elements may still be pulled from an async base, and nothing else; ``MapRoom`` does what the methods say.
struct MapRoomStateMachine {
    typealias Continuation = CheckedContinuation<Bool, Never>

    private enum State {
        case free(Int)
        /// There is no room, and the one who pulls waits for some.
        case waiting(Continuation)
        case closed
    }

    private var state: State

    init(window: Int) {
        state = .free(window)
    }

    /// Room for one element, or false where nobody wants any more. `nil`: `continuation` gets the answer later.
    mutating func take(_ continuation: Continuation) -> Bool? {
        switch state {
        case .free(0):
            state = .waiting(continuation)
            return nil
        case .free(let room):
            state = .free(room - 1)
            return true
        case .waiting, .closed:
            return false
        }
    }

    /// An element was delivered. Returns who is to be resumed, with its room.
    mutating func delivered() -> Continuation? {
        switch state {
        case .free(let room):
            state = .free(room + 1)
            return nil
        case .waiting(let continuation):
            state = .free(0)
            return continuation
        case .closed:
            return nil
        }
    }

    /// The iteration is over. Returns who is to be resumed, without room.
    mutating func close() -> Continuation? {
        defer { state = .closed }
        guard case .waiting(let continuation) = state else { return nil }
        return continuation
    }
}

/// The room in a map's window, for an async base: pulled by one task, delivered to another.
@usableFromInline
final class MapRoom: Sendable {
    private let machine: Locked<MapRoomStateMachine>

    @usableFromInline
    init(window: Int) {
        machine = Locked(MapRoomStateMachine(window: window))
    }

    /// Waits until one more element may be pulled; false where nobody wants any more.
    @usableFromInline
    nonisolated(nonsending) func take() async -> Bool {
        await withCheckedContinuation { continuation in
            if let answer = machine.withLock({ $0.take(continuation) }) { continuation.resume(returning: answer) }
        }
    }

    @usableFromInline
    func delivered() {
        machine.withLock { $0.delivered() }?.resume(returning: true)
    }

    @usableFromInline
    func close() {
        machine.withLock { $0.close() }?.resume(returning: false)
    }
}
