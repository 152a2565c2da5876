// SPDX-License-Identifier: Apache-2.0

/// Inputs on their way to the core, laid out as it wants several payloads: one stride apart.
///
/// It owns those that were not accepted and destroys them at its end, so that no path out of a produce call loses one.
@safe @usableFromInline
final class InputBatch<Input, Output> {
    @usableFromInline typealias Slot = SlotLayout<Input, Output>

    @usableFromInline let memory: UnsafeMutableRawPointer
    /// The inputs that are still to be accepted.
    @usableFromInline var pending = 0..<0

    @usableFromInline let capacity: Int

    /// A batch for `inputs`: of several where they lie in memory already, else of one. A sequence that computes or
    /// waits for its next element must not hold back the items of those that it has given: it may be waiting for one of
    /// them.
    @inlinable
    convenience init(for inputs: some Sequence<Input>) {
        self.init(atMost: inputs.withContiguousStorageIfAvailable { _ in Int.max } ?? 1)
    }

    /// A batch of at most so many.
    @inlinable
    init(atMost most: Int) {
        // Enough to pay for publishing them together, and little enough to stay in the processor's nearest cache.
        capacity = max(1, min(most, 64, 16_384 / Slot.stride))
        unsafe memory = .allocate(byteCount: Slot.stride * capacity, alignment: Slot.alignment)
    }

    @inlinable
    deinit {
        for index in pending {
            unsafe address(index).assumingMemoryBound(to: Input.self).deinitialize(count: 1)
        }
        unsafe memory.deallocate()
    }

    @inlinable var isEmpty: Bool { pending.isEmpty }

    /// Takes the next inputs, at most so many, once all before them are accepted; whether there were any.
    @inlinable
    func fill(atMost most: Int = .max, from next: () -> Input?) -> Bool {
        pending = 0..<0
        let most = min(most, capacity)
        while pending.upperBound < most, let input = next() {
            unsafe address(pending.upperBound).initializeMemory(as: Input.self, to: input)
            pending = 0..<pending.upperBound + 1
        }
        return !pending.isEmpty
    }

    /// Calls the core with what is pending and takes note of what it accepted.
    @inlinable
    func offer(
        _ produce: (UnsafeRawPointer, Int, inout Int) -> Int32
    ) -> (code: Int32, accepted: Int) {
        var accepted = 0
        let code = unsafe produce(first, pending.count, &accepted)
        pending = pending.lowerBound + accepted..<pending.upperBound
        return (code, accepted)
    }

    @inlinable
    func firstWasTaken() {
        pending = pending.lowerBound + 1..<pending.upperBound
    }

    @inlinable var first: UnsafeRawPointer { unsafe UnsafeRawPointer(address(pending.lowerBound)) }

    @inlinable
    func address(_ index: Int) -> UnsafeMutableRawPointer { unsafe memory + index * Slot.stride }
}
