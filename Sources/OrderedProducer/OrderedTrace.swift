// SPDX-License-Identifier: Apache-2.0

/// Records what happens to each item of the producers that it is given to, and writes it as a picture: who ran where,
/// who waited for whom, and who held the line.
///
/// ```swift
/// let trace = OrderedTrace()
/// var configuration = ProducerConfiguration(window: 64)
/// configuration.name = "rows"
/// configuration.trace = trace
/// let rows = try OrderedItemProducer<[UInt8], Int>(configuration: configuration)
/// // … produce, stop …
/// try trace.write(to: "rows.json")
/// ```
///
/// The file is in the Trace Event Format: [Perfetto](https://ui.perfetto.dev) and Chrome's `about:tracing` show it.
/// <doc:ReadingATrace> tells how to read it.
///
/// Any number of producers may share a trace, each becomes a group of tracks of its own. Safe to use from any thread. A
/// recorded event costs some 100 ns, four of them an item; a producer without a trace pays nothing but a comparison.
public final class OrderedTrace: Sendable {
    private let store: TraceStore

    /// A trace with room for `capacity` events, four an item, some 40 bytes each; rounded up to a multiple of 4096, at
    /// least one. Memory is taken as it is needed. What happens after the room is used up is counted in ``dropped`` and
    /// not recorded.
    public init(capacity: Int = 1 << 20) {
        store = TraceStore(capacity: max(1, capacity))
    }

    /// How many events found no room.
    public var dropped: Int { store.dropped }

    /// Writes what was recorded until now to a file at `path`, in place of what is there. Time and memory grow with the
    /// number of events. May be called while producers run: then of some items only the beginning is known.
    ///
    /// - Throws: ``ProducerError/system(_:code:)`` where the file cannot be written; then none is left behind.
    public func write(to path: String) throws {
        let timelines = store.snapshot().map { (name: $0.name, timeline: TraceTimeline($0.events)) }
        try TextFile.create(at: path) { file in
            try ChromeTrace.write(timelines, dropped: dropped, to: file, threadName: store.name(ofThread:))
        }
    }

    /// A producer of that name is to be watched.
    func lane(named name: String?) -> TraceLane {
        TraceLane(store: store, name: name)
    }
}
