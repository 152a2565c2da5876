// SPDX-License-Identifier: Apache-2.0

/// The blocking iterator that the consumer function gets: the original's `Consumerator`.
///
/// It belongs to the thread in which the consumer function runs, and is for that function's use only.
@safe
public final class OrderedItems<Item: Sendable>: Sequence, IteratorProtocol {
    /// What the iteration gives.
    public typealias Element = Item

    @usableFromInline let core: CoreProducer
    /// Where the core puts an item.
    @usableFromInline let payload: UnsafeMutableRawPointer

    init(_ core: CoreProducer) {
        self.core = core
        unsafe payload = core.allocatePayload()
    }

    deinit { unsafe payload.deallocate() }

    /// The next item in order, as soon as it is made; `nil` where the iteration has ended, again and again.
    ///
    /// Blocks. Where the next item is not being made yet, this thread makes it rather than wait for another to do so
    /// (unless ``ProducerConfiguration/assists`` is off). O(1), and no lock, allocation or system call while items are
    /// ready and nobody waits for room: a caller that does is let in by this thread, under a lock, and woken.
    @inlinable
    public func next() -> Item? {
        guard unsafe core.next(payload) > 0 else { return nil }
        return unsafe payload.assumingMemoryBound(to: Item.self).move()
    }
}

extension OrderedItems: CustomStringConvertible {
    /// For whoever took the iteration for an item, as `start { print($0) }` does.
    public var description: String {
        "OrderedItems<\(Item.self)>: an iteration, not an item; loop over it, or use start(onItem:)"
    }
}

@available(*, unavailable)
extension OrderedItems: Sendable {}
