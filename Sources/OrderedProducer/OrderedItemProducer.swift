// SPDX-License-Identifier: Apache-2.0

/// Makes items side by side and delivers them in the order in which they were asked for.
///
/// ```swift
/// let rows = try OrderedItemProducer<[UInt8], Int>(configuration: .init(window: 64))
/// try await rows.start { rows in
///     var written = 0
///     for row in rows { try png.write(row); written += 1 }  // blocking, in a thread of its own, in order
///     return written
/// }
/// for y in 0..<height { guard try await rows.produceItem({ mandelbrot(row: y) }) != nil else { break } }
/// let written = try await rows.stop()
/// ```
///
/// Callers ask for items with `produceItem`, from any thread or task. The calls' order gives each item its sequence;
/// item functions run concurrently in a ``WorkerPool`` (or as tasks, where they are `async`) and finish in any order.
/// One consumer, attached with `start`, `start(onItem:)` or ``items()``, receives the items by sequence. At most
/// ``ProducerConfiguration/window`` items are outstanding: asked for, and not yet consumed.
///
/// This is AsynQueue's `OrderedItemProducer`: `produceItem`, `start`, `stop` and the three calls of ``PushProducer``
/// keep their names and their meaning, with a bound on what is outstanding in addition.
///
/// Every call ends in every state; <doc:Endings> is the table. Dropping the last reference without `stop()` ends
/// production as ``stopProducing()`` does, without waiting. A consumer function that captures its producer is such a
/// reference, until it has returned: it waits for items, and the producer for its end. Capture weakly there, or call
/// `stop()`.
///
/// A synchronous item that finds room costs one allocation at most, for what its closure captures;
/// ``OrderedTransform`` does without. A call that waits for room, a tracked item, one with a deadline and an async one,
/// which is a task, cost more.
public final class OrderedItemProducer<Item: Sendable, Output: Sendable>: PushProducer {
    @usableFromInline typealias Slot = SlotLayout<ItemCall<Item>, Item>

    @usableFromInline let core: CoreProducer
    @usableFromInline let ending: Ending
    @usableFromInline let delivery: Delivery<Item, Output>

    /// A producer whose synchronous items run on `pool`. It needs no thread of its own and starts none.
    ///
    /// - Throws: ``ProducerError/invalidConfiguration(_:)``, ``ProducerError/poolShutDown``, or
    ///   ``ProducerError/system(_:code:)`` where the memory for the window cannot be had.
    @inlinable
    public convenience init(
        pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init()
    ) throws(ProducerError) {
        try self.init(pool, configuration, orElse: nil)
    }

    /// A producer whose items may be overtaken: `substitute` makes what takes the place of one that is not finished
    /// when its deadline has passed and the consumer waits for it.
    ///
    /// The deadline is ``ProducerConfiguration/deadline``, or an item's own. `substitute` gets the item's sequence;
    /// `nil` from it leaves the item out, an error fails it. It is called by whoever delivers, one call at a time, and
    /// must be quick. Without a substitute (the other initialiser) such items fail with ``DeadlineExceeded``. See
    /// <doc:Deadlines>.
    ///
    /// - Throws: As the other initialiser; also where the pool's timekeeper, which comes with its first producer of
    ///   this kind, cannot be started.
    @inlinable
    public convenience init(
        pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
        substitute: @escaping @Sendable (UInt64) throws -> Item?
    ) throws(ProducerError) {
        try self.init(pool, configuration, orElse: substitute)
    }

    @inlinable
    init(
        _ pool: WorkerPool, _ configuration: ProducerConfiguration,
        orElse substitute: (@Sendable (UInt64) throws -> Item?)?
    ) throws(ProducerError) {
        let ending = Ending(configuration)
        let deadlines = DeadlineHooks(ending, configuration, substitute)
        let mayBeLate = deadlines != nil
        let hooks = unsafe ItemHooks(
            run: { payload, sequence in
                let call = unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self).move()
                do {
                    unsafe payload.initializeMemory(as: Item.self, to: try call.make())
                    return 0
                } catch {
                    if mayBeLate {
                        unsafe DeadlineHooks.leave(error, in: payload)
                    } else {
                        ending.itemFailed(sequence, error)
                    }
                    return Ending.itemFailed
                }
            },
            discard: { payload, isOutput in
                if isOutput {
                    unsafe payload.assumingMemoryBound(to: Item.self).deinitialize(count: 1)
                } else {
                    unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self).deinitialize(count: 1)
                }
            }, deadlines: deadlines)
        self.ending = ending
        core = try CoreProducer(
            pool: pool, configuration: configuration, payloadSize: Slot.size, payloadAlignment: Slot.alignment,
            hooks: hooks)
        delivery = Delivery(core: core, hooks: hooks, ending: ending)
    }

    deinit { delivery.stopProducing() }

    // MARK: PushProducer

    /// Delivers nothing more until ``resume()``. Items go on being accepted and made, up to the window; `stop()` lifts
    /// it.
    public func pause() { core.pause() }

    /// Lifts a ``pause()``. Does not revive what has ended.
    public func resume() { core.resume() }

    /// Ends production at once and for good: no further item is started or delivered, finished items are destroyed, the
    /// iteration ends, waiting callers get `nil`. Never blocks, and is allowed everywhere, also inside items and
    /// consumers.
    public func stopProducing() { delivery.stopProducing() }

    /// A snapshot of what has happened so far. O(items outstanding), about a nanosecond each, without a lock.
    public var statistics: ProducerStatistics { core.statistics }
}
