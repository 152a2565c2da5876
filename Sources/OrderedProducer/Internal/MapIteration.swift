// SPDX-License-Identifier: Apache-2.0

/// One iteration of an ``OrderedMapSequence``: elements are pulled from the base by the iterating task itself, inside
/// `next()`, and so never when it does not look.
@usableFromInline
final class MapIteration<Base: Sequence, Output: Sendable> where Base.Element: Sendable {
    @usableFromInline let production: MapProduction<Base.Element, Output>
    @usableFromInline let items: AsyncItemsIteration
    @usableFromInline var base: Base.Iterator
    @usableFromInline var pulled: UInt64 = 0
    /// How many elements more may be pulled before one is delivered.
    @usableFromInline var room: Int
    @usableFromInline var isBaseThrough = false

    @inlinable
    init(_ base: Base, _ production: MapProduction<Base.Element, Output>) {
        self.production = production
        self.base = base.makeIterator()
        items = production.iterate()
        room = production.window
    }

    @inlinable
    nonisolated(nonsending) func next() async throws -> Output? {
        // Two for the one that is taken, so that the window fills even where the next item is always there in time.
        if !Task.isCancelled { _ = try pull() && pull() }
        while true {
            switch items.take(Output.self) {
            case .item(let item):
                room += 1
                return item
            case .wait:
                if try !pull() { await items.storage.waitForItem() }
            case .cancelled:
                throw CancellationError()
            case .ended:
                try production.finish(items)
                return nil
            }
        }
    }

    /// Submits the base's next element, if there is room for it and there is one.
    @inlinable
    func pull() throws -> Bool {
        guard room > 0, !isBaseThrough, production.wants(pulled) else { return false }
        guard let element = base.next() else {
            isBaseThrough = true
            production.end()
            return false
        }
        room -= 1
        pulled += 1
        return try production.submit(element)
    }
}

/// One iteration of an ``OrderedMapAsyncSequence``: a task of its own pulls from the base, since that may wait while
/// items are there to be taken.
@usableFromInline
final class AsyncMapIteration<Input: Sendable, Output: Sendable> {
    @usableFromInline let production: MapProduction<Input, Output>
    @usableFromInline let items: AsyncItemsIteration
    @usableFromInline let room: MapRoom
    @usableFromInline let puller: Task<Void, Never>

    @inlinable
    init<Base: AsyncSequence & Sendable>(_ base: Base, _ production: MapProduction<Input, Output>)
    where Base.Element == Input {
        self.production = production
        items = production.iterate()
        let room = MapRoom(window: production.window)
        self.room = room
        puller = Task {
            var iterator = base.makeAsyncIterator()
            var pulled: UInt64 = 0
            do {
                // Room first: an element that was pulled always has its place.
                while await room.take(), production.wants(pulled) {
                    guard let element = try await iterator.next() else { return production.end() }
                    guard try production.submit(element) else { return }
                    pulled += 1
                }
            } catch {
                production.end(with: error)
            }
        }
    }

    @inlinable
    deinit {
        room.close()
        puller.cancel()
    }

    @inlinable
    nonisolated(nonsending) func next() async throws -> Output? {
        while true {
            switch items.take(Output.self) {
            case .item(let item):
                room.delivered()
                return item
            case .wait:
                await items.storage.waitForItem()
            case .cancelled:
                throw CancellationError()
            case .ended:
                try production.finish(items)
                return nil
            }
        }
    }
}
