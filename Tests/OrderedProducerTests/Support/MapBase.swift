// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Synchronization
import Testing

/// What a map's base gives, and what becomes of the base.
final class MapSource: Sendable {
    let makes: [Make]
    private let given = Atomic<Int>(0)
    /// Thrown where the elements are through.
    let failure: TestError?
    /// Where the elements are through the base waits, until it is cancelled.
    let staysOpen: Bool
    let cancelled = Gate()
    /// Opens when as many were pulled.
    let pulls: Countdown
    /// What the base waits for before it gives its next element, or its end, by number.
    let gates: [Int: Gate]

    init(
        _ makes: [Make], failure: TestError? = nil, staysOpen: Bool = false, pulls: Int? = nil, gates: [Int: Gate] = [:]
    ) {
        self.makes = makes
        self.failure = failure
        self.staysOpen = staysOpen
        self.pulls = Countdown(pulls ?? makes.count)
        self.gates = gates
    }

    var pulled: Int { given.load(ordering: .relaxed) }

    fileprivate func next() -> Make? {
        let index = pulled
        guard index < makes.count else { return nil }
        given.store(index + 1, ordering: .relaxed)
        pulls.signal()
        return makes[index]
    }
}

/// Blocks at its gates.
struct MapBase: Sequence, IteratorProtocol {
    let source: MapSource

    func next() -> Make? {
        source.gates[source.pulled]?.wait()
        return source.next()
    }
}

/// The same for the iterating task only: not `Sendable`.
struct ConfinedMapBase: Sequence {
    let source: MapSource
    func makeIterator() -> AnyIterator<Make> { AnyIterator(MapBase(source: source)) }
}

@available(*, unavailable)
extension ConfinedMapBase: Sendable {}

struct AsyncMapBase: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let source: MapSource
    func makeAsyncIterator() -> AsyncMapBase { self }

    func next() async throws -> Make? {
        await source.gates[source.pulled]?.opened()
        if let make = source.next() { return make }
        if let failure = source.failure { throw failure }
        if source.staysOpen {
            await withTaskCancellationHandler {
                await source.cancelled.opened()
            } onCancel: {
                source.cancelled.open()
            }
        }
        return nil
    }
}

/// The forms of `mapInOrder`.
enum MapForm: String, CaseIterable, Sendable {
    case onPool, asTasks, confinedOnPool, confinedAsTasks, asyncOnPool, asyncAsTasks

    var isAsyncBase: Bool { self == .asyncOnPool || self == .asyncAsTasks }
    var isConfined: Bool { self == .confinedOnPool || self == .confinedAsTasks }
    var runsTasks: Bool { self == .asTasks || self == .confinedAsTasks || self == .asyncAsTasks }

    func map(
        _ source: MapSource, width: Int = 2, window: Int? = nil, pool: WorkerPool
    ) -> any AsyncSequence<Token, any Error> {
        map(
            source, width: width, window: window, pool: pool, transform: { try $0.run() },
            asTask: { try await $0.runAsTask() })
    }

    func map<Output: Sendable>(
        _ source: MapSource, width: Int, window: Int?, pool: WorkerPool,
        transform: @escaping @Sendable (Make) throws -> Output,
        asTask: @escaping @Sendable (Make) async throws -> Output
    ) -> any AsyncSequence<Output, any Error> {
        let base = MapBase(source: source)
        let confined = ConfinedMapBase(source: source)
        let async = AsyncMapBase(source: source)
        return switch self {
        case .onPool: base.mapInOrder(width: width, window: window, pool: pool, transform)
        case .asTasks: base.mapInOrder(width: width, window: window, asTask)
        case .confinedOnPool: confined.mapInOrder(width: width, window: window, pool: pool, transform)
        case .confinedAsTasks: confined.mapInOrder(width: width, window: window, asTask)
        case .asyncOnPool: async.mapInOrder(width: width, window: window, pool: pool, transform)
        case .asyncAsTasks: async.mapInOrder(width: width, window: window, asTask)
        }
    }
}

/// What an iteration gave, and how it ended.
struct MapOutcome {
    var received: [Int] = []
    var error: (any Error)?

    /// Iterates to the end and beyond it, or until so many have come.
    static func of(
        _ sequence: any AsyncSequence<Token, any Error>, first: Int = .max, onItem: (Int) -> Void = { _ in }
    ) async -> MapOutcome {
        var outcome = MapOutcome()
        await outcome.iterate(sequence, first: first, onItem: onItem)
        return outcome
    }

    private mutating func iterate(
        _ sequence: some AsyncSequence<Token, any Error>, first: Int, onItem: (Int) -> Void
    ) async {
        var iterator = sequence.makeAsyncIterator()
        do {
            while let token = try await iterator.next() {
                received.append(token.value)
                onItem(token.value)
                if received.count == first { return }
            }
        } catch {
            self.error = error
        }
        for _ in 0..<3 {
            do {
                guard try await iterator.next() != nil else { continue }
                Issue.record("an item after the end")
            } catch {
                Issue.record("a second error after the end: \(error)")
            }
        }
    }
}
