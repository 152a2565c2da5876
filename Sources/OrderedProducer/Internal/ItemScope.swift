// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Inside which async item the current task runs: how a `stop()` that would wait for its own item is recognised.
///
/// Task-local, and so inherited: child tasks of an item are inside it, and an unstructured `Task` counts as inside
/// until the item has finished, since nobody can tell from outside whether the item awaits it.
final class ItemScope: Sendable {
    @TaskLocal static var current: ItemScope?

    private let producer: ObjectIdentifier
    private let outer: ItemScope?
    private let finished = Atomic(false)

    init(_ producer: CoreProducer) {
        self.producer = ObjectIdentifier(producer)
        outer = Self.current
    }

    func finish() {
        finished.store(true, ordering: .relaxed)
    }

    /// Whether the current task is inside an unfinished item of `producer`.
    static func isInside(_ producer: CoreProducer) -> Bool {
        var scope = current
        while let here = scope {
            if here.producer == ObjectIdentifier(producer), !here.finished.load(ordering: .relaxed) { return true }
            scope = here.outer
        }
        return false
    }

    /// Whether the current task is inside an unfinished item of any producer.
    static var isInsideAny: Bool {
        var scope = current
        while let here = scope {
            if !here.finished.load(ordering: .relaxed) { return true }
            scope = here.outer
        }
        return false
    }
}
