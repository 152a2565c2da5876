// SPDX-License-Identifier: Apache-2.0

/// The events of one producer put together: what became of each item, and who held the line when.
struct TraceTimeline {
    struct Item: Equatable {
        var sequence: UInt64
        var requested: UInt64?
        var started: UInt64?
        var finished: UInt64?
        var delivered: UInt64?
        /// When a substitute took its place; it may have finished long after.
        var overtaken: UInt64?
        /// When the line need no longer wait for it.
        var settled: UInt64? { overtaken ?? finished }
        /// The first that is known of it: what came before is lost where too much was traced.
        var first: UInt64? { requested ?? started ?? settled ?? delivered }
        var failed = false
        /// The threads that ran the item and that delivered it.
        var runner: UInt32 = 0
        var deliverer: UInt32 = 0
    }

    /// A time in which later items were finished and waited for this one.
    struct Hold: Equatable {
        var sequence: UInt64
        var from: UInt64
        var to: UInt64
    }

    /// By sequence.
    let items: [Item]
    /// By time; no two of them overlap.
    let holds: [Hold]

    init(_ events: [TraceEvent]) {
        items = Self.assemble(events)
        holds = Self.holds(items)
    }

    private static func assemble(_ events: [TraceEvent]) -> [Item] {
        var items: [UInt64: Item] = [:]
        for event in events {
            var item = items[event.sequence] ?? Item(sequence: event.sequence)
            switch event.kind {
            case .requested: item.requested = event.time
            case .started:
                item.started = event.time
                item.runner = event.thread
            case .finished:
                item.finished = event.time
                item.failed = event.failed
            case .delivered:
                item.delivered = event.time
                item.deliverer = event.thread
            case .overtaken: item.overtaken = event.time
            }
            items[event.sequence] = item
        }
        return items.values.sorted { $0.sequence < $1.sequence }
    }

    private static func holds(_ items: [Item]) -> [Hold] {
        // When the line need not have waited for the first of the items behind each one.
        var firstBehind = [UInt64](repeating: .max, count: items.count)
        for index in items.indices.dropLast().reversed() {
            firstBehind[index] = min(firstBehind[index + 1], items[index + 1].settled ?? .max)
        }
        var holds: [Hold] = []
        var head: UInt64 = 0  // when the item became the head
        for (item, behind) in zip(items, firstBehind) {
            guard let settled = item.settled else { continue }
            let from = max(head, behind)
            if from < settled { holds.append(Hold(sequence: item.sequence, from: from, to: settled)) }
            head = item.delivered ?? max(head, settled)
        }
        return holds
    }
}
