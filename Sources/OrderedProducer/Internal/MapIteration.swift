// SPDX-License-Identifier: Apache-2.0

/// One iteration of a map whose base the iterating task itself pulls from, inside `next()`, since the base must not be
/// used anywhere else.
@usableFromInline
final class ConfinedMapIteration<Base: Sequence, Output: Sendable> where Base.Element: Sendable {
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
        while true {
            switch items.take(Output.self) {
            case .item(let item):
                room += 1
                return item
            case .wait:
                // Only now: the base may block, and what is finished does not wait for that.
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

/// One iteration of a map whose base somebody else pulls from, as far ahead as there is room: what is finished is
/// delivered at once, whatever the base does.
@usableFromInline
final class PulledMapIteration<Input: Sendable, Output: Sendable> {
    @usableFromInline let production: MapProduction<Input, Output>
    @usableFromInline let items: AsyncItemsIteration
    @usableFromInline let room: MapRoom
    /// The task that pulls, or that submits what a thread pulls.
    @usableFromInline var task: Task<Void, Never>?
    @usableFromInline var relay: MapRelay<Input>?

    /// A task of its own pulls from an async base.
    @inlinable
    init<Base: AsyncSequence & Sendable>(inTask base: Base, _ production: MapProduction<Input, Output>)
    where Base.Element == Input {
        self.production = production
        items = production.iterate()
        let room = MapRoom(window: production.window)
        self.room = room
        task = Task {
            var iterator = base.makeAsyncIterator()
            var pulled: UInt64 = 0
            do {
                // Room first: an element that was pulled always has its place.
                while case let free = await room.take(), free > 0 {
                    for _ in 0..<free {
                        guard production.wants(pulled) else { return }
                        guard let element = try await iterator.next() else { return production.end() }
                        guard try production.submit(element) else { return }
                        pulled += 1
                    }
                }
            } catch {
                production.end(with: error)
            }
        }
    }

    /// A thread of its own pulls from a base that may block.
    @inlinable
    init<Base: Sequence & Sendable>(
        onThread base: Base, _ production: MapProduction<Input, Output>,
        start: (@escaping @Sendable () -> Void) throws -> Void = BaseThread.start
    ) throws where Base.Element == Input {
        self.production = production
        items = production.iterate()
        let room = MapRoom(window: production.window)
        self.room = room
        guard production.startsTasks else {
            try start {
                Self.pull(base, room, production, submit: production.submit, end: production.end)
            }
            return
        }
        let relay = MapRelay<Input>()
        self.relay = relay
        try start {
            Self.pull(base, room, production, submit: relay.put, end: relay.finish)
        }
        task = Task {
            do {
                while case let elements = await relay.take(), !elements.isEmpty {
                    for element in elements {
                        guard try production.submit(element) else { return relay.close() }
                    }
                }
                production.end()
            } catch {
                production.end(with: error)
                relay.close()
            }
        }
    }

    /// The life of the thread: it ends with the base, or when it finds that nobody wants any more.
    @inlinable
    static func pull<Base: Sequence>(
        _ base: Base, _ room: MapRoom, _ production: MapProduction<Input, Output>,
        submit: (Input) throws -> Bool, end: () -> Void
    ) where Base.Element == Input {
        var iterator = base.makeIterator()
        var pulled: UInt64 = 0
        do {
            while case let free = room.takeBlocking(), free > 0 {
                for _ in 0..<free {
                    guard production.wants(pulled) else { return }
                    guard let element = iterator.next() else { return end() }
                    guard try submit(element) else { return }
                    pulled += 1
                }
            }
        } catch {
            production.end(with: error)
        }
    }

    @inlinable
    deinit {
        // Before the one who pulls looks again whether anybody wants an element.
        items.storage.abandon()
        room.close()
        relay?.close()
        task?.cancel()
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

/// The thread that pulls from the base of one map.
@usableFromInline
enum BaseThread {
    @usableFromInline
    static func start(_ body: @escaping @Sendable () -> Void) throws {
        let result = ThreadJob.runOnOwnThread(body)
        if result != 0 { throw ProducerError.system("pthread_create", code: result) }
    }
}
