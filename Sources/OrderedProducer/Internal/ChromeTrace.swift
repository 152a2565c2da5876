// SPDX-License-Identifier: Apache-2.0

/// Writes timelines in the Trace Event Format of Chrome, which Perfetto reads: one process a producer, in it a track
/// for each thread, and above them one that shows who held the line.
struct ChromeTrace {
    /// The track of whoever held the line; threads have higher numbers.
    private static let lineTrack: UInt32 = 0

    private let output: TextFile
    private var origin: UInt64 = 0
    private var isFirst = true

    static func write(
        _ timelines: [(name: String, timeline: TraceTimeline)], dropped: Int, to output: TextFile,
        threadName: (UInt32) -> String
    ) throws {
        var trace = ChromeTrace(output: output)
        trace.origin = timelines.flatMap(\.timeline.items).compactMap(\.first).min() ?? 0
        try output.write("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped events\":\(dropped)},\"traceEvents\":[")
        for (index, (name, timeline)) in timelines.enumerated() {
            try trace.name(process: index + 1, name, of: timeline, threadName: threadName)
            for item in timeline.items { try trace.item(item, process: index + 1) }
            for hold in timeline.holds { try trace.hold(hold, process: index + 1) }
            try trace.counts(timeline, process: index + 1)
        }
        try output.write("\n]}\n")
    }

    private init(output: TextFile) {
        self.output = output
    }

    private mutating func name(
        process: Int, _ name: String, of timeline: TraceTimeline, threadName: (UInt32) -> String
    ) throws {
        try event(
            "\"ph\":\"M\",\"pid\":\(process),\"name\":\"process_name\",\"args\":{\"name\":\(quoted(name))}")
        var threads = Set(timeline.items.filter { $0.started != nil }.map(\.runner))
        threads.formUnion(timeline.items.filter { $0.delivered != nil }.map(\.deliverer))
        for (place, thread) in ([Self.lineTrack] + threads.sorted()).enumerated() {
            let label = thread == Self.lineTrack ? "who holds the line" : threadName(thread)
            let track = "\"ph\":\"M\",\"pid\":\(process),\"tid\":\(thread)"
            try event("\(track),\"name\":\"thread_name\",\"args\":{\"name\":\(quoted(label))}")
            try event("\(track),\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":\(place)}")
        }
    }

    private mutating func item(_ item: TraceTimeline.Item, process: Int) throws {
        let label = "\"name\":\"item \(item.sequence)\",\"pid\":\(process)"
        if let started = item.started, let finished = item.finished {
            var arguments =
                "\"sequence\":\(item.sequence),\"failed\":\(item.failed),\"overtaken\":\(item.overtaken != nil)"
            if let requested = item.requested {
                arguments += ",\"waited to start (us)\":\(microseconds(started, since: requested))"
            }
            if let delivered = item.delivered {
                arguments += ",\"waited for its turn (us)\":\(microseconds(delivered, since: finished))"
            }
            try event(
                "\"ph\":\"X\",\"cat\":\"item\",\(label),\"tid\":\(item.runner),\"ts\":\(time(started)),"
                    + "\"dur\":\(microseconds(finished, since: started)),\"args\":{\(arguments)}")
        }
        if let delivered = item.delivered {
            try event(
                "\"ph\":\"i\",\"s\":\"t\",\"cat\":\"delivery\",\"name\":\"delivered \(item.sequence)\","
                    + "\"pid\":\(process),\"tid\":\(item.deliverer),\"ts\":\(time(delivered))")
        }
    }

    private mutating func hold(_ hold: TraceTimeline.Hold, process: Int) throws {
        try event(
            "\"ph\":\"X\",\"cat\":\"line\",\"cname\":\"terrible\",\"name\":\"held by \(hold.sequence)\","
                + "\"pid\":\(process),\"tid\":\(Self.lineTrack),\"ts\":\(time(hold.from)),"
                + "\"dur\":\(microseconds(hold.to, since: hold.from)),\"args\":{\"sequence\":\(hold.sequence)}")
    }

    /// How many items were outstanding, and how many of those finished, whenever that changed.
    private mutating func counts(_ timeline: TraceTimeline, process: Int) throws {
        var changes: [(time: UInt64, outstanding: Int, finished: Int)] = []
        for item in timeline.items {
            if let requested = item.requested { changes.append((requested, 1, 0)) }
            if let settled = item.settled { changes.append((settled, 0, 1)) }
            if let delivered = item.delivered {
                changes.append((delivered, -1, -1))
            } else if item.failed || item.overtaken != nil, let settled = item.settled {
                changes.append((settled, -1, -1))
            }
        }
        var outstanding = 0
        var finished = 0
        for change in changes.sorted(by: { $0.time < $1.time }) {
            outstanding += change.outstanding
            finished += change.finished
            try event(
                "\"ph\":\"C\",\"name\":\"items\",\"pid\":\(process),\"ts\":\(time(change.time)),"
                    + "\"args\":{\"outstanding\":\(outstanding),\"finished, waiting\":\(max(0, finished))}")
        }
    }

    private mutating func event(_ members: String) throws {
        try output.write(isFirst ? "\n{\(members)}" : ",\n{\(members)}")
        isFirst = false
    }

    private func time(_ nanoseconds: UInt64) -> String { microseconds(nanoseconds, since: origin) }

    /// Microseconds with three places, without going through a float.
    private func microseconds(_ later: UInt64, since earlier: UInt64) -> String {
        let nanoseconds = later > earlier ? later - earlier : 0
        let rest = String(nanoseconds % 1000)
        return "\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 0x20:
                quoted += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
