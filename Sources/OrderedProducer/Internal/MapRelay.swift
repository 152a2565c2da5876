// SPDX-License-Identifier: Apache-2.0

/// What a thread has pulled and a task has not submitted yet, and nothing else; ``MapRelay`` does what the methods
/// return.
struct MapRelayStateMachine<Element: Sendable> {
    typealias Continuation = CheckedContinuation<[Element], Never>

    private enum End {
        /// The thread is still pulling.
        case open
        /// The base is through: what is here is the rest.
        case finished
        /// Nobody wants any more.
        case closed
    }

    private var end = End.open
    private var elements: [Element] = []
    /// Of the task, while there is nothing.
    private var waiting: Continuation?

    enum Put {
        case kept
        case resume(Continuation, [Element])
        case refused
    }

    mutating func put(_ element: Element) -> Put {
        guard end == .open else { return .refused }
        if let waiting = waiting.take() { return .resume(waiting, [element]) }
        elements.append(element)
        return .kept
    }

    /// All there is, empty at the end. `nil`: `continuation` gets it later.
    mutating func take(_ continuation: Continuation) -> [Element]? {
        if elements.isEmpty, end == .open {
            waiting = continuation
            return nil
        }
        defer { elements = [] }
        return elements
    }

    /// Returns who is to be resumed, with nothing.
    mutating func finish() -> Continuation? {
        if end == .open { end = .finished }
        return waiting.take()
    }

    /// Returns who is to be resumed, with nothing, and what is to be destroyed outside the lock.
    mutating func close() -> (Continuation?, [Element]) {
        end = .closed
        defer { elements = [] }
        return (waiting.take(), elements)
    }
}

/// The way from the thread that pulls to a task that submits, where items are made by tasks: these inherit priority and
/// task-local values from where they are started, and a thread has none. As much is on it as there was room for.
@usableFromInline
final class MapRelay<Element: Sendable>: Sendable {
    private let machine = Locked(MapRelayStateMachine<Element>())

    @usableFromInline
    init() {}

    /// False where nobody wants it.
    @usableFromInline
    func put(_ element: Element) -> Bool {
        switch machine.withLock({ $0.put(element) }) {
        case .kept:
            return true
        case .resume(let continuation, let elements):
            continuation.resume(returning: elements)
            return true
        case .refused:
            return false
        }
    }

    /// Waits for elements; empty at the end.
    @usableFromInline
    nonisolated(nonsending) func take() async -> [Element] {
        await withCheckedContinuation { continuation in
            if let elements = machine.withLock({ $0.take(continuation) }) { continuation.resume(returning: elements) }
        }
    }

    /// The base is through.
    @usableFromInline
    func finish() {
        machine.withLock { $0.finish() }?.resume(returning: [])
    }

    /// Nothing more is wanted, not even what is here.
    @usableFromInline
    func close() {
        let (continuation, _) = machine.withLock { $0.close() }
        continuation?.resume(returning: [])
    }
}
