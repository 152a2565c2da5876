// SPDX-License-Identifier: Apache-2.0

extension OrderedTransform {
    /// Asks for the items of all `inputs`, in their order; waits for the window as needed.
    ///
    /// Inputs that lie in memory one behind the other, as those of an array, are published several at once. Of any
    /// other sequence one element is taken at a time, so it may be slow, block (in the blocking form), or depend on
    /// what became of earlier elements. Items that others ask for meanwhile may come in between. O(number of inputs).
    ///
    /// - Returns: How many were accepted: all of them, or fewer where production ended.
    /// - Throws: `CancellationError` where the task is cancelled while it waits for room. What was accepted before
    ///   stays accepted and is counted in ``statistics``.
    @inlinable
    public nonisolated(nonsending) func produce(
        contentsOf inputs: some Sequence<Input> & Sendable
    ) async throws -> Int {
        let batch = InputBatch<Input, Item>(for: inputs)
        var iterator = inputs.makeIterator()
        var total = 0
        while batch.fill(from: { iterator.next() }) {
            while !batch.isEmpty {
                let result = unsafe batch.offer { unsafe core.tryProduceMany($0, $1, &$2) }
                total += result.accepted
                if result.code == 0 { continue }
                guard core.mustWait(result.code) else {
                    guard try core.admitted(result.code, 0) != nil else { return total }
                    continue
                }
                var sequence: UInt64 = 0
                let waited = unsafe await core.produceWhenRoom(batch.first, &sequence)
                if waited == 0 {
                    batch.firstWasTaken()
                    total += 1
                } else if try core.admitted(waited, sequence) == nil {
                    return total
                }
            }
        }
        return total
    }

    /// The blocking form, for code outside Swift concurrency: the thread waits for the window as needed, and helps.
    ///
    /// - Returns: How many were accepted: all of them, or fewer where production ended.
    /// - Throws: ``ProducerError/wouldDeadlock`` inside an item of the same pool where the window is full and helping
    ///   cannot make room, or where the thread is inside 32 items already. What was accepted before stays accepted.
    @available(*, noasync, message: "use 'await produce' here: this form blocks the thread")
    @inlinable
    public func produce(contentsOf inputs: some Sequence<Input>) throws -> Int {
        let batch = InputBatch<Input, Item>(for: inputs)
        var iterator = inputs.makeIterator()
        var total = 0
        while batch.fill(from: { iterator.next() }) {
            while !batch.isEmpty {
                let result = unsafe batch.offer { unsafe core.produceMany($0, $1, &$2) }
                total += result.accepted
                if result.code < 0, try core.admitted(result.code, 0) == nil { return total }
            }
        }
        return total
    }

    /// For an event loop: asks for the items of up to `most` inputs as far as there is room, several at once.
    ///
    /// - Returns: How many were accepted. What `next` gave beyond that is gone.
    @inlinable
    package func produce(atMost most: Int, from next: () -> Input?) throws -> Int {
        let batch = InputBatch<Input, Item>(atMost: most)
        var total = 0
        while batch.fill(atMost: most - total, from: next) {
            let result = unsafe batch.offer { unsafe core.tryProduceMany($0, $1, &$2) }
            total += result.accepted
            guard batch.isEmpty else {
                if !core.mustWait(result.code) { _ = try core.admitted(result.code, 0) }
                break
            }
        }
        return total
    }
}
