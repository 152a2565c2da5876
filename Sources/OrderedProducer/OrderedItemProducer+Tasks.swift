// SPDX-License-Identifier: Apache-2.0

/// Items that async functions make: reserved in the line, made by a task.
extension OrderedItemProducer {
    /// Takes a sequence, and has a task make the item. 0 for `nanoseconds` is the producer's own deadline, or none.
    nonisolated(nonsending) func reserveAndStart(
        within nanoseconds: UInt64, _ substitute: (@Sendable (UInt64) throws -> Item?)?,
        _ make: @escaping @Sendable () async throws -> Item
    ) async throws -> UInt64? {
        let deadline = core.hasDeadlines || nanoseconds != 0 ? ItemDeadline(substitute) : nil
        let reserved =
            if let deadline {
                unsafe try await core.reserve(within: nanoseconds, deadline.retained())
            } else {
                try await core.reserve()
            }
        guard let sequence = reserved else { return nil }
        let task = startTask(for: sequence, make)
        deadline?.onOvertaken { task.cancel() }
        return sequence
    }

    /// As the async `produceItem`, without ever waiting: for event loops.
    @usableFromInline
    package func tryProduceItem(asTask make: @escaping @Sendable () async throws -> Item) throws -> Admission {
        var sequence: UInt64 = 0
        let result = core.tryReserve(&sequence)
        if core.mustWait(result) { return .full }
        guard let sequence = try core.admitted(result, sequence) else { return .ended }
        startTask(for: sequence, make)
        return .accepted(sequence)
    }

    /// Makes an item whose sequence has been reserved, as a task; then calls `finished`.
    @usableFromInline
    @discardableResult
    func startTask(
        for sequence: UInt64, _ make: @escaping @Sendable () async throws -> Item,
        finished: @escaping @Sendable () -> Void = {}
    ) -> Task<Void, Never> {
        ending.tasks.start(sequence) { [core, ending] in
            defer { finished() }
            guard ending.wants(sequence) else {
                return core.fail(sequence)
            }
            do {
                let item = try await ItemScope(core).make(make)
                unsafe Slot.withPayload { payload in
                    unsafe payload.initializeMemory(as: Item.self, to: item)
                    unsafe core.complete(sequence, payload)
                }
            } catch {
                if ending.tasks.hasCancelled(sequence) {
                    core.fail(sequence)
                } else if core.hasDeadlines {
                    core.fail(sequence, with: error)
                } else {
                    ending.itemFailed(sequence, error)
                    core.fail(sequence)
                }
            }
        }
    }
}
