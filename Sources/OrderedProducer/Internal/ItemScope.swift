// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// One async item that is being made: how a `stop()` that would wait for its own item is recognised.
///
/// The current task is inside an item if the item's scope is in its list of scopes, a task-local value. The list is
/// inherited: child tasks of an item are inside it, and an unstructured `Task` counts as inside until the item has
/// finished, since nobody can tell from outside whether the item awaits it. So does an item that another item asked
/// for.
final class ItemScope: Sendable {
    /// The items that a task is inside of, the innermost first. Immutable: tasks share what they have in common.
    private final class List: Sendable {
        let scope: ItemScope
        let outer: List?

        init(_ scope: ItemScope, in outer: List?) {
            self.scope = scope
            self.outer = outer
        }
    }

    @TaskLocal private static var list: List?

    private let producer: ObjectIdentifier
    private let finished = Atomic(false)

    init(_ producer: CoreProducer) {
        self.producer = ObjectIdentifier(producer)
    }

    /// Makes the item inside this scope. O(unfinished items that the current task is inside of).
    func make<Item: Sendable>(_ body: @Sendable () async throws -> Item) async throws -> Item {
        defer { finished.store(true, ordering: .relaxed) }
        return try await Self.$list.withValue(List(self, in: Self.unfinished())) { try await body() }
    }

    /// The innermost item that the current task is inside of, finished or not.
    static var current: ItemScope? { list?.scope }

    /// Whether the current task is inside an unfinished item of `producer`.
    static func isInside(_ producer: CoreProducer) -> Bool {
        let producer = ObjectIdentifier(producer)
        return contains { $0.producer == producer }
    }

    /// Whether the current task is inside an unfinished item of any producer.
    static var isInsideAny: Bool { contains { _ in true } }

    private static func contains(_ isWanted: (ItemScope) -> Bool) -> Bool {
        var here = list
        while let list = here {
            if !list.scope.isFinished, isWanted(list.scope) { return true }
            here = list.outer
        }
        return false
    }

    private var isFinished: Bool { finished.load(ordering: .relaxed) }

    /// The current task's list without the items that have finished. A list that kept them would grow by one for each
    /// item of a chain in which each asks for the next.
    private static func unfinished() -> List? {
        var rest = list
        var here = list
        while let list = here {
            if list.scope.isFinished { rest = list.outer }
            here = list.outer
        }
        // `rest` holds none that has finished, and is shared; what is before it is copied.
        var kept: [ItemScope] = []
        here = list
        while let list = here, list !== rest {
            if !list.scope.isFinished { kept.append(list.scope) }
            here = list.outer
        }
        return kept.reversed().reduce(rest) { List($1, in: $0) }
    }
}
