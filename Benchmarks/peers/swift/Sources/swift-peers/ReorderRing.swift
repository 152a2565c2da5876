// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Synchronization

/// Results that wait for an earlier one. Any thread puts them, one thread takes them in order. At most as many as there
/// are slots may have been requested and not taken, which is the caller's part.
///
/// There is no lock: a slot's stamp tells whose result it holds. The taker says which index it is going to sleep for
/// and looks at that slot once more; a putter stamps and then looks whether somebody sleeps for it. In a total order of
/// those four accesses one of the two sees the other.
@safe final class ReorderRing: Sendable {
    private struct Slot: ~Copyable {
        /// The index of the result plus 1.
        let stamp = Atomic(0)
        var result: UInt64 = 0
    }

    private static let nobody = -1
    private nonisolated(unsafe) let slots: UnsafeMutableBufferPointer<Slot>
    private let mask: Int
    private let awaited = Atomic(nobody)
    private let ready = DispatchSemaphore(value: 0)

    init(window: Int) {
        var count = 1
        while count < window { count *= 2 }
        mask = count - 1
        unsafe slots = .allocate(capacity: count)
        for index in 0..<count { unsafe slots.initializeElement(at: index, to: Slot()) }
    }

    deinit {
        unsafe slots.deinitialize()
        unsafe slots.deallocate()
    }

    func put(_ result: UInt64, at index: Int) {
        unsafe slots[index & mask].result = result
        unsafe slots[index & mask].stamp.store(index + 1, ordering: .sequentiallyConsistent)
        if awaited.load(ordering: .sequentiallyConsistent) == index, stopAwaiting(index) { ready.signal() }
    }

    /// The result of `index`, waiting for it.
    func take(at index: Int) -> UInt64 {
        if !holds(index) {
            awaited.store(index, ordering: .sequentiallyConsistent)
            if !holds(index) || !stopAwaiting(index) { ready.wait() }
        }
        return unsafe slots[index & mask].result
    }

    /// Whether the result of `index` could be taken without waiting.
    func holds(_ index: Int) -> Bool {
        unsafe slots[index & mask].stamp.load(ordering: .sequentiallyConsistent) == index + 1
    }

    /// Whether it was this call that ended the waiting.
    private func stopAwaiting(_ index: Int) -> Bool {
        awaited.compareExchange(expected: index, desired: Self.nobody, ordering: .sequentiallyConsistent).exchanged
    }
}
