// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Where the events of a trace are gathered: several threads write at once, each to a shelf that it mostly has to
/// itself, so that watching disturbs little what is watched.
final class TraceStore: Sendable {
    private static let shelfCount = 16
    /// Events for which room is taken at once. No array grows beyond it, so no thread ever pauses to copy what it has.
    private static let chunkSize = 4096

    private struct Shelf {
        var full: [[TraceEvent]] = []
        var open: [TraceEvent] = []
        /// Of the threads that wrote here: asked for while they still live.
        var threadNames: [UInt32: String] = [:]
        var lastThread: UInt32 = 0
    }

    private let shelves: [Locked<Shelf>]
    private let chunksLeft: Atomic<Int>
    private let droppedCount = Atomic<Int>(0)
    private let names = Locked<[String]>([])

    init(capacity: Int) {
        shelves = (0..<Self.shelfCount).map { _ in Locked(Shelf()) }
        chunksLeft = Atomic((capacity - 1) / Self.chunkSize + 1)
    }

    /// Events that came when there was no room left.
    var dropped: Int { droppedCount.load(ordering: .relaxed) }

    /// A producer to be watched: its number.
    func register(_ name: String?) -> Int {
        names.withLock { names in
            names.append(name ?? "producer \(names.count)")
            return names.count - 1
        }
    }

    func record(_ event: TraceEvent) {
        shelves[Int(event.thread) % Self.shelfCount].withLock { shelf in
            if shelf.open.count == shelf.open.capacity || shelf.open.count == Self.chunkSize {
                guard takeChunk() else {
                    droppedCount.add(1, ordering: .relaxed)
                    return
                }
                if !shelf.open.isEmpty { shelf.full.append(shelf.open) }
                shelf.open = []
                shelf.open.reserveCapacity(Self.chunkSize)
            }
            shelf.open.append(event)
            if event.thread != shelf.lastThread {
                shelf.lastThread = event.thread
                if shelf.threadNames[event.thread] == nil {
                    shelf.threadNames[event.thread] = Self.currentName(of: event.thread)
                }
            }
        }
    }

    /// The name of the calling thread, whose number is `thread`.
    private static func currentName(of thread: UInt32) -> String {
        TextFile.firstLine(of: "/proc/self/task/\(thread)/comm").map { "\($0) (\(thread))" } ?? "thread \(thread)"
    }

    func name(ofThread thread: UInt32) -> String {
        shelves[Int(thread) % Self.shelfCount].withLock { $0.threadNames[thread] } ?? "thread \(thread)"
    }

    private func takeChunk() -> Bool {
        var left = chunksLeft.load(ordering: .relaxed)
        while left > 0 {
            let (exchanged, seen) = chunksLeft.weakCompareExchange(
                expected: left, desired: left - 1, ordering: .relaxed)
            if exchanged { return true }
            left = seen
        }
        return false
    }

    /// What was recorded until now, producer by producer.
    func snapshot() -> [(name: String, events: [TraceEvent])] {
        let recorded = shelves.map { shelf in shelf.withLock { ($0.full, $0.open) } }
        // Afterwards: whose events are there has registered by now.
        let names = names.withLock { $0 }
        var events = [[TraceEvent]](repeating: [], count: names.count)
        for (full, open) in recorded {
            for event in full.joined() { events[event.producer].append(event) }
            for event in open { events[event.producer].append(event) }
        }
        return Array(zip(names, events))
    }
}
