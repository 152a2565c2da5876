// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// One consumer of any kind, which notes what it gets.
final class Consumer: Sendable {
    enum Kind: String, CaseIterable, Sendable { case thread, sink, sequence }

    enum Step { case goOn, leave }

    private struct Notes {
        var received: [Int] = []
        var failure: (any Error)?
        var itemsAfterEnd = 0
    }

    let kind: Kind
    /// Opens when the consumer function, or the iteration, is over. A sink has no such moment.
    let ended = Gate()
    private let notes = Locked(Notes())
    private let onItem: @Sendable (Int) throws -> Step

    /// `onItem` is called with each value, where the consumer runs.
    init(_ kind: Kind, onItem: @escaping @Sendable (Int) throws -> Step = { _ in .goOn }) {
        self.kind = kind
        self.onItem = onItem
    }

    var received: [Int] { notes.withLock { $0.received } }
    /// What the iteration threw; only an `AsyncSequence` does.
    var failure: ItemFailure? { notes.withLock { $0.failure as? ItemFailure } }
    var itemsAfterEnd: Int { notes.withLock { $0.itemsAfterEnd } }

    private func take(_ token: Token) throws -> Step {
        notes.withLock { $0.received.append(token.value) }
        return try onItem(token.value)
    }

    func attach(to line: Line) async throws {
        switch kind {
        case .thread:
            try await line.start { [self] items in
                defer { ended.open() }
                while let token = items.next() {
                    if try take(token) == .leave { return received.count }
                }
                // After the end comes the end, again and again.
                for _ in 0..<3 where items.next() != nil { notes.withLock { $0.itemsAfterEnd += 1 } }
                return received.count
            }
        case .sink:
            try line.start(onItem: { [self, weak line] token in
                if try take(token) == .leave { line?.stopProducing() }
            })
        case .sequence:
            let items = try line.items()
            Task { await iterate(items) }
        }
    }

    private func iterate(_ items: AsyncOrderedItems<Token>) async {
        defer { ended.open() }
        var iterator = items.makeAsyncIterator()
        do {
            while let token = try await iterator.next() {
                if try take(token) == .leave { return }
            }
        } catch let error as ItemFailure {
            notes.withLock { $0.failure = error }
        } catch {
            return  // thrown by `onItem`, as a loop's body would: the iterator goes
        }
        // After the end comes the end, again and again; a failure is thrown once.
        for _ in 0..<3 {
            do {
                guard try await iterator.next() != nil else { continue }
            } catch {}
            notes.withLock { $0.itemsAfterEnd += 1 }
        }
    }

    /// Returns when the consumer has seen the end. `stop()` waits for a consumer function and for a sink, and for the
    /// delivery to a task, but not for what that task does with the last item.
    func finished() async {
        if kind == .sequence { await ended.opened() }
    }

    /// What `stop()` gives where the consumer saw `count` items: only a consumer function has a value.
    func value(_ count: Int) -> Int? { kind == .thread ? count : nil }
}
