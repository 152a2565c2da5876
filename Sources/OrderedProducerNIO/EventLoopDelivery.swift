// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore
    public import OrderedProducer

    /// Delivers the items of any number of producers on one event loop.
    ///
    /// ```swift
    /// let delivery = try EventLoopDelivery(eventLoop: channel.eventLoop)
    /// try thumbnails.start(on: delivery) { thumbnail in  // on the loop, in order
    ///     cache.value.insert(thumbnail)
    /// }
    /// ```
    ///
    /// Make one per loop and share it: however many producers have finished items, the loop is woken once for all of
    /// them, which costs some microseconds where it sleeps. It then takes up to 64 items of each producer in turn and
    /// lets the loop do its other work before it goes on, so that neither a producer nor the loop's connections wait
    /// behind a busy one.
    ///
    /// Items run on the producer's pool, or as tasks, as with any other consumer. On the loop itself nothing waits: ask
    /// with `tryProduceItem`, or in a task with `await produceItem`. The blocking forms throw
    /// `ProducerError.wouldDeadlock` on the loop instead of waiting for room there, since only the loop can make it.
    ///
    /// Producers keep their delivery; a delivery keeps no producer. End production before the loop is shut down: NIO
    /// prints a warning, or stops the program in its strict mode, where a loop that is gone is woken. Production then
    /// ends, and `stop()` throws `EventLoopError.shutdown`, so that nobody waits for a loop that will not come.
    public final class EventLoopDelivery: Sendable {
        /// The loop on which items are delivered.
        public let eventLoop: any EventLoop

        @usableFromInline let turns: LoopTurns

        /// A delivery on `eventLoop`. Costs a few hundred bytes; the loop is not touched before the first item.
        ///
        /// - Throws: `ProducerError.system` where the memory cannot be had.
        public init(eventLoop: any EventLoop) throws {
            self.eventLoop = eventLoop
            turns = try LoopTurns(eventLoop: eventLoop)
        }
    }

    extension OrderedItemProducer {
        /// Calls `onItem` for each item in order, one call at a time, on the loop of `delivery`.
        ///
        /// If `onItem` throws, production ends and `stop()` rethrows the error; otherwise `stop()` gives `nil`.
        /// `onItem` and `onEnd` must not block, as nothing on a loop may. `onItem` may call `stopProducing()`,
        /// `pause()` and `tryProduceItem`. Where it captures its producer, the two keep each other alive until the end:
        /// capture weakly if production may never be ended. A call that is underway when another thread ends production
        /// at once runs to its end.
        ///
        /// - Parameters:
        ///   - delivery: Where; the producer keeps it.
        ///   - onEnd: Called on the loop once, after the last item: with what `onItem` threw, or the `ItemFailure` that
        ///     ended production, or `nil`. Not called where the loop is shut down first.
        ///   - onItem: Called on the loop with each item.
        /// - Throws: `ProducerError.alreadyStarted`, `ProducerError.ended`, or `EventLoopError.shutdown`.
        @inlinable
        public func start(
            on delivery: EventLoopDelivery, onEnd: @escaping @Sendable ((any Error)?) -> Void = { _ in },
            onItem: @escaping @Sendable (Item) throws -> Void
        ) throws {
            let lane = try start(
                on: delivery.turns.queue, keeping: delivery.turns, callbacks: .init(atEnd: onEnd), onItem: onItem)
            try delivery.turns.admit(lane)
        }
    }

    extension OrderedTransform {
        /// Calls `onItem` for each item in order, on the loop of `delivery`. As `OrderedItemProducer.start(on:)`.
        @inlinable
        public func start(
            on delivery: EventLoopDelivery, onEnd: @escaping @Sendable ((any Error)?) -> Void = { _ in },
            onItem: @escaping @Sendable (Item) throws -> Void
        ) throws {
            let lane = try start(
                on: delivery.turns.queue, keeping: delivery.turns, callbacks: .init(atEnd: onEnd), onItem: onItem)
            try delivery.turns.admit(lane)
        }
    }
#endif
