// SPDX-License-Identifier: Apache-2.0

extension OrderedItemProducer {
    /// Asks for an item: `make` will run on the pool, and what it returns will be delivered in the order of the calls.
    ///
    /// Returns as soon as the item is accepted. Where the window is full the task is suspended until there is room,
    /// first come, first served; otherwise the call neither suspends nor leaves the caller's actor. `make` may block,
    /// and does not see the task-local values of the caller (see <doc:Ordering>). O(1).
    ///
    /// - Returns: The item's sequence, or `nil` where production has ended (stopped, failed, consumer gone) and `make`
    ///   will not run. Not discardable: a caller that ignores `nil` loses everything that follows, in silence.
    /// - Throws: `CancellationError` where the task is cancelled while it waits for room; no sequence is used up. What
    ///   `make` throws ends production according to ``ProducerConfiguration/onFailure`` and is thrown by `stop()`.
    @inlinable
    public nonisolated(nonsending) func produceItem(
        _ make: consuming @escaping @Sendable () throws -> Item
    ) async throws -> UInt64? {
        var call: ItemCall<Item>? = ItemCall(make: make)
        var sequence: UInt64 = 0
        let result = enqueue(&call, &sequence)
        if result == 0 { return sequence }
        guard core.mustWait(result), let call = consume call else { return try core.admitted(result, sequence) }
        return try await produceWhenRoom(call)
    }

    /// Asks for an item that an async function makes, as a task: at most ``ProducerConfiguration/window`` of them at
    /// once.
    ///
    /// Otherwise as the form for synchronous functions, and in one order with it. The task inherits the caller's
    /// priority and task-local values; it does not inherit the caller's cancellation, and ending production does not
    /// cancel it, except inside `withOrderedItemProducer(of:pool:configuration:consume:produce:)`.
    public nonisolated(nonsending) func produceItem(
        _ make: @escaping @Sendable () async throws -> Item
    ) async throws -> UInt64? {
        try await reserveAndStart(within: 0, nil, make)
    }

    /// The blocking form, for code outside Swift concurrency.
    ///
    /// Where the window is full, the thread helps by running items (unless ``ProducerConfiguration/assists`` is off, or
    /// it is inside a task), and waits where there is nothing to help with. Otherwise as the async form.
    ///
    /// - Throws: ``ProducerError/wouldDeadlock`` inside an item of the same pool where the window is full and helping
    ///   cannot make room, or where the thread is inside 32 items already, or inside a task. No sequence is used up,
    ///   and `make` is dropped.
    @available(*, noasync, message: "use 'await produceItem' here: this form blocks the thread")
    @inlinable
    public func produceItem(_ make: consuming @escaping @Sendable () throws -> Item) throws -> UInt64? {
        var call: ItemCall<Item>? = ItemCall(make: make)
        var sequence: UInt64 = 0
        let result = unsafe Slot.withPayload { payload in
            let slot = unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self)
            unsafe slot.initialize(to: call.take()!)
            let result = unsafe core.produce(payload, &sequence)
            if result != 0 { unsafe slot.deinitialize(count: 1) }
            return result
        }
        if result == 0 { return sequence }
        return try core.admitted(result, sequence)
    }

    /// Asks for an item without ever waiting. O(1).
    ///
    /// - Returns: ``Admission/full`` where there is no room now; no sequence is used up then, and `make` is dropped.
    @inlinable
    public func tryProduceItem(_ make: consuming @escaping @Sendable () throws -> Item) throws -> Admission {
        var call: ItemCall<Item>? = ItemCall(make: make)
        var sequence: UInt64 = 0
        let result = enqueue(&call, &sequence)
        if result == 0 { return .accepted(sequence) }
        if core.mustWait(result) { return .full }
        // It is not accepted: nil, or an error.
        _ = try core.admitted(result, sequence)
        return .ended
    }

    /// As `produceItem`, with a handle on the item's own value: what the original's `produceItem` returns.
    ///
    /// The handle resolves as soon as `make` has returned, which may be long before the item's turn to be delivered.
    ///
    /// - Returns: `nil` where production has ended and `make` will not run.
    @inlinable
    public nonisolated(nonsending) func produceTrackedItem(
        _ make: @escaping @Sendable () throws -> Item
    ) async throws -> TrackedItem<Item>? {
        let outcome = ItemOutcome<Item>()
        let promise = ItemPromise(outcome)
        let tracked: @Sendable () throws -> Item = {
            let result = Result { try make() }
            promise.keep(result)
            return try result.get()
        }
        guard core.hasDeadlines else {
            guard let sequence = try await produceItem(tracked) else { return nil }
            return TrackedItem(sequence: sequence, outcome: outcome)
        }
        let deadline = ItemDeadline<Item>(nil)
        deadline.onOvertaken { outcome.resolve(nil) }
        guard let sequence = try await request(ItemCall(make: tracked), 0, deadline) else { return nil }
        return TrackedItem(sequence: sequence, outcome: outcome)
    }

    /// Without waiting. Takes the call out of `call` where the result is 0.
    @inlinable
    func enqueue(_ call: inout ItemCall<Item>?, _ sequence: inout UInt64) -> Int32 {
        unsafe Slot.withPayload { payload in
            let slot = unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self)
            // Its callers have just made it.
            unsafe slot.initialize(to: call.take()!)
            let result = unsafe core.tryProduce(payload, &sequence)
            if result != 0 { call = unsafe slot.move() }
            return result
        }
    }

    @inlinable
    nonisolated(nonsending) func produceWhenRoom(_ call: consuming ItemCall<Item>) async throws -> UInt64? {
        // The memory outlives the suspension, so it cannot be on the stack.
        let payload = UnsafeMutableRawPointer.allocate(byteCount: Slot.size, alignment: Slot.alignment)
        defer { unsafe payload.deallocate() }
        let slot = unsafe payload.assumingMemoryBound(to: ItemCall<Item>.self)
        unsafe slot.initialize(to: call)
        var sequence: UInt64 = 0
        let result = unsafe await core.produceWhenRoom(payload, &sequence)
        if result != 0 { unsafe slot.deinitialize(count: 1) }
        return try core.admitted(result, sequence)
    }
}
