// SPDX-License-Identifier: Apache-2.0

// How `OrderedProducerNIO` attaches a loop. Inlinable, so that its callers' items are handled by specialised code.

extension OrderedItemProducer {
    @inlinable
    package func start(
        on queue: CoreReadyQueue, keeping: any AnyObject & Sendable, callbacks: LoopLane.Callbacks = .init(),
        onItem: @escaping @Sendable (Item) throws -> Void
    ) throws -> LoopLane {
        try delivery.start(on: queue, keeping: keeping, callbacks: callbacks, onItem: onItem)
    }
}

extension OrderedTransform {
    @inlinable
    package func start(
        on queue: CoreReadyQueue, keeping: any AnyObject & Sendable, callbacks: LoopLane.Callbacks = .init(),
        onItem: @escaping @Sendable (Item) throws -> Void
    ) throws -> LoopLane {
        try delivery.start(on: queue, keeping: keeping, callbacks: callbacks, onItem: onItem)
    }
}
