// SPDX-License-Identifier: Apache-2.0

extension OrderedTransform {
    /// Asks for the item that the transform makes of `input`.
    ///
    /// Returns as soon as the input is taken over. Where the window is full the task is suspended until there is room,
    /// first come, first served; otherwise the call neither suspends nor leaves the caller's actor. O(1), without
    /// allocation while there is room.
    ///
    /// - Returns: The item's sequence, or `nil` where production has ended.
    /// - Throws: `CancellationError` where the task is cancelled while it waits for room; no sequence is used up.
    @inlinable
    public nonisolated(nonsending) func produce(_ input: Input) async throws -> UInt64? {
        var sequence: UInt64 = 0
        let result = enqueue(input, &sequence)
        if result == 0 { return sequence }
        guard core.mustWait(result) else { return try core.admitted(result, sequence) }
        return try await produceWhenRoom(input)
    }

    /// The blocking form, for code outside Swift concurrency. As the blocking form of `produceItem`.
    @available(*, noasync, message: "use 'await produce' here: this form blocks the thread")
    @inlinable
    public func produce(_ input: Input) throws -> UInt64? {
        var sequence: UInt64 = 0
        let result = unsafe Slot.withPayload { payload in
            let slot = unsafe payload.initializeMemory(as: Input.self, to: input)
            let result = unsafe core.produce(payload, &sequence)
            if result != 0 { unsafe slot.deinitialize(count: 1) }
            return result
        }
        if result == 0 { return sequence }
        return try core.admitted(result, sequence)
    }

    /// Asks for an item without ever waiting. O(1).
    ///
    /// - Returns: ``Admission/full`` where there is no room now; no sequence is used up then.
    @inlinable
    public func tryProduce(_ input: Input) throws -> Admission {
        var sequence: UInt64 = 0
        let result = enqueue(input, &sequence)
        if result == 0 { return .accepted(sequence) }
        if core.mustWait(result) { return .full }
        // It is not accepted: nil, or an error.
        _ = try core.admitted(result, sequence)
        return .ended
    }

    @inlinable
    func enqueue(_ input: Input, _ sequence: inout UInt64) -> Int32 {
        unsafe Slot.withPayload { payload in
            let slot = unsafe payload.initializeMemory(as: Input.self, to: input)
            let result = unsafe core.tryProduce(payload, &sequence)
            if result != 0 { unsafe slot.deinitialize(count: 1) }
            return result
        }
    }

    @inlinable
    nonisolated(nonsending) func produceWhenRoom(_ input: Input) async throws -> UInt64? {
        // The memory outlives the suspension, so it cannot be on the stack.
        let payload = UnsafeMutableRawPointer.allocate(byteCount: Slot.size, alignment: Slot.alignment)
        defer { unsafe payload.deallocate() }
        let slot = unsafe payload.initializeMemory(as: Input.self, to: input)
        var sequence: UInt64 = 0
        let result = unsafe await core.produceWhenRoom(payload, &sequence)
        if result != 0 { unsafe slot.deinitialize(count: 1) }
        return try core.admitted(result, sequence)
    }
}
