// SPDX-License-Identifier: Apache-2.0

extension OrderedItemProducer {
    /// As `produceItem`, with a deadline of this item's own: `deadline` after this call the line waits for it no
    /// longer.
    ///
    /// An item that is not finished then is overtaken as soon as it is the one that the consumer waits for: what
    /// `substitute` returns is delivered in its place. `make` is not run if it has not begun; if it has, it goes on and
    /// what it returns is destroyed. See <doc:Deadlines>. The time in which the call waits for room counts.
    ///
    /// - Parameters:
    ///   - deadline: More than zero.
    ///   - substitute: Gets the item's sequence; `nil` from it leaves the item out, an error fails it. It must be
    ///     quick, since the line waits for it. Without it the producer's own is used.
    ///   - make: Makes the item.
    /// - Returns: The item's sequence, or `nil` where production has ended.
    /// - Throws: ``ProducerError/invalidConfiguration(_:)`` where the producer was made without deadlines
    ///   (``ProducerConfiguration/allowsDeadlines``), or `deadline` is not more than zero; else as `produceItem`.
    @inlinable
    public nonisolated(nonsending) func produceItem(
        within deadline: Duration, substitute: (@Sendable (UInt64) throws -> Item?)? = nil,
        _ make: consuming @escaping @Sendable () throws -> Item
    ) async throws -> UInt64? {
        try await request(
            ItemCall(make: make), try core.nanoseconds(of: deadline), substitute.map { ItemDeadline($0) })
    }

    /// As `produceItem` for async functions, with a deadline of this item's own. Its task is cancelled when it is
    /// overtaken.
    ///
    /// Otherwise as the form for synchronous functions.
    public nonisolated(nonsending) func produceItem(
        within deadline: Duration, substitute: (@Sendable (UInt64) throws -> Item?)? = nil,
        _ make: @escaping @Sendable () async throws -> Item
    ) async throws -> UInt64? {
        try await reserveAndStart(within: try core.nanoseconds(of: deadline), substitute, make)
    }

    /// The blocking form, for code outside Swift concurrency.
    ///
    /// The thread does not help by running items: it could be inside one that hangs. Otherwise as the async form.
    @available(*, noasync, message: "use 'await produceItem' here: this form blocks the thread")
    @inlinable
    public func produceItem(
        within deadline: Duration, substitute: (@Sendable (UInt64) throws -> Item?)? = nil,
        _ make: consuming @escaping @Sendable () throws -> Item
    ) throws -> UInt64? {
        var call: ItemCall<Item>? = ItemCall(make: make)
        var sequence: UInt64 = 0
        let result = try enqueue(
            &call, &sequence, within: core.nanoseconds(of: deadline), substitute.map { ItemDeadline($0) }, blocks: true)
        if result == 0 { return sequence }
        return try core.admitted(result, sequence)
    }

    /// Takes the call out of `call` where the result is 0.
    @inlinable
    func enqueue(
        _ call: inout ItemCall<Item>?, _ sequence: inout UInt64, within nanoseconds: UInt64,
        _ deadline: ItemDeadline<Item>?, blocks: Bool
    ) -> Int32 {
        unsafe Slot.withPayload { payload in
            let slot = unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self)
            // Its callers have just made it.
            unsafe slot.initialize(to: call.take()!)
            let argument = unsafe deadline?.retained()
            let result = unsafe core.request(payload, nanoseconds, argument, &sequence, blocks: blocks)
            if result != 0 {
                call = unsafe slot.move()
                unsafe core.takeBack(argument)
            }
            return result
        }
    }

    /// Suspends where there is no room.
    @inlinable
    nonisolated(nonsending) func request(
        _ call: consuming ItemCall<Item>, _ nanoseconds: UInt64, _ deadline: ItemDeadline<Item>?
    ) async throws -> UInt64? {
        var call: ItemCall<Item>? = call
        var sequence: UInt64 = 0
        var result = enqueue(&call, &sequence, within: nanoseconds, deadline, blocks: false)
        if result == 0 { return sequence }
        guard core.mustWait(result), let call = consume call else { return try core.admitted(result, sequence) }
        // The memory outlives the suspension, so it cannot be on the stack.
        let payload = UnsafeMutableRawPointer.allocate(byteCount: Slot.size, alignment: Slot.alignment)
        defer { unsafe payload.deallocate() }
        let slot = unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self)
        unsafe slot.initialize(to: call)
        let argument = unsafe deadline?.retained()
        result = unsafe await core.requestWhenRoom(payload, nanoseconds, argument, &sequence)
        if result != 0 {
            unsafe slot.deinitialize(count: 1)
            unsafe core.takeBack(argument)
        }
        return try core.admitted(result, sequence)
    }
}
