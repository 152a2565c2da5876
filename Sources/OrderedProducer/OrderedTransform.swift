// SPDX-License-Identifier: Apache-2.0

/// Input in, output out, strictly in order, and not one allocation per item where there is room: for the hottest paths.
///
/// ```swift
/// let blocks = try OrderedTransform<[UInt8], [UInt8], Int> { try compressed($0) }
/// try await blocks.start { blocks in
///     var size = 0
///     for block in blocks { try write(block); size += block.count }
///     return size
/// }
/// _ = try await blocks.produce(contentsOf: input)
/// let size = try await blocks.stop()
/// ```
///
/// It is an ``OrderedItemProducer`` with one function for all items, given at creation, so that an item is its input
/// alone. The input is moved into the item's slot and the output takes its place there. Order, window, failures,
/// consumers and endings are the same. An async call that waits for room allocates, and with deadlines an item does
/// whose payload is over 256 bytes.
public final class OrderedTransform<Input: Sendable, Item: Sendable, Output: Sendable>: PushProducer {
    @usableFromInline typealias Slot = SlotLayout<Input, Item>

    @usableFromInline let core: CoreProducer
    @usableFromInline let ending: Ending
    @usableFromInline let delivery: Delivery<Item, Output>

    /// A producer whose items `transform` makes on `pool`, several at once.
    ///
    /// - Throws: ``ProducerError/invalidConfiguration(_:)``, ``ProducerError/poolShutDown``, or
    ///   ``ProducerError/system(_:code:)`` where the memory for the window cannot be had.
    @inlinable
    public convenience init(
        pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
        transform: @escaping @Sendable (Input) throws -> Item
    ) throws(ProducerError) {
        try self.init(pool, configuration, orElse: nil, transform)
    }

    /// A producer whose items may be overtaken: `substitute` makes what takes the place of one that is not finished
    /// when ``ProducerConfiguration/deadline`` has passed and the consumer waits for it.
    ///
    /// As the initialiser of ``OrderedItemProducer`` with a substitute.
    @inlinable
    public convenience init(
        pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init(),
        substitute: @escaping @Sendable (UInt64) throws -> Item?,
        transform: @escaping @Sendable (Input) throws -> Item
    ) throws(ProducerError) {
        try self.init(pool, configuration, orElse: substitute, transform)
    }

    @inlinable
    init(
        _ pool: WorkerPool, _ configuration: ProducerConfiguration,
        orElse substitute: (@Sendable (UInt64) throws -> Item?)?,
        _ transform: @escaping @Sendable (Input) throws -> Item
    ) throws(ProducerError) {
        let ending = Ending(configuration)
        let deadlines = DeadlineHooks(ending, configuration, substitute)
        let mayBeLate = deadlines != nil
        let hooks = unsafe ItemHooks(
            run: { payload, sequence in
                let input = unsafe payload.assumingMemoryBound(to: Input.self).move()
                do {
                    unsafe payload.initializeMemory(as: Item.self, to: try transform(input))
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
                    unsafe payload.assumingMemoryBound(to: Input.self).deinitialize(count: 1)
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

    /// As ``OrderedItemProducer/pause()``.
    public func pause() { core.pause() }

    /// As ``OrderedItemProducer/resume()``.
    public func resume() { core.resume() }

    /// As ``OrderedItemProducer/stopProducing()``.
    public func stopProducing() { delivery.stopProducing() }

    /// As ``OrderedItemProducer/statistics``.
    public var statistics: ProducerStatistics { core.statistics }
}
