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

    init(_ makes: [Make], failure: TestError? = nil, staysOpen: Bool = false, pulls: Int? = nil) {
        self.makes = makes
        self.failure = failure
        self.staysOpen = staysOpen
        self.pulls = Countdown(pulls ?? makes.count)
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

struct MapBase: Sequence, IteratorProtocol {
    let source: MapSource
    func next() -> Make? { source.next() }
}

struct AsyncMapBase: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let source: MapSource
    func makeAsyncIterator() -> AsyncMapBase { self }

    func next() async throws -> Make? {
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

/// The four forms of `mapInOrder`.
enum MapForm: String, CaseIterable, Sendable {
    case onPool, asTasks, asyncOnPool, asyncAsTasks

    var isAsyncBase: Bool { self == .asyncOnPool || self == .asyncAsTasks }
    var runsTasks: Bool { self == .asTasks || self == .asyncAsTasks }

    func map(
        _ source: MapSource, width: Int = 2, window: Int? = nil, pool: WorkerPool
    ) -> any AsyncSequence<Token, any Error> {
        switch self {
        case .onPool:
            MapBase(source: source).mapInOrder(width: width, window: window, pool: pool) { try $0.run() }
        case .asTasks:
            MapBase(source: source).mapInOrder(width: width, window: window) { try await $0.runAsTask() }
        case .asyncOnPool:
            AsyncMapBase(source: source).mapInOrder(width: width, window: window, pool: pool) { try $0.run() }
        case .asyncAsTasks:
            AsyncMapBase(source: source).mapInOrder(width: width, window: window) { try await $0.runAsTask() }
        }
    }
}

/// What an iteration gave, and how it ended.
struct MapOutcome {
    var received: [Int] = []
    var error: (any Error)?

    /// Iterates to the end and beyond it.
    static func of(
        _ sequence: any AsyncSequence<Token, any Error>, onItem: (Int) -> Void = { _ in }
    ) async -> MapOutcome {
        var outcome = MapOutcome()
        await outcome.iterate(sequence, onItem: onItem)
        return outcome
    }

    private mutating func iterate(
        _ sequence: some AsyncSequence<Token, any Error>, onItem: (Int) -> Void
    ) async {
        var iterator = sequence.makeAsyncIterator()
        do {
            while let token = try await iterator.next() {
                received.append(token.value)
                onItem(token.value)
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
