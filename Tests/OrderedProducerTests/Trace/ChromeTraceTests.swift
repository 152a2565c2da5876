// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1)) struct ChromeTraceTests {
    /// Times are in nanoseconds; the first of them is the origin.
    private static let events: [TraceEvent] = [
        event(.requested, 0, thread: 1, at: 1_000_000),
        event(.started, 0, thread: 7, at: 1_001_000),
        event(.requested, 1, thread: 1, at: 1_001_500),
        event(.requested, 2, thread: 1, at: 1_002_000),
        event(.started, 1, thread: 9, at: 1_002_007),
        event(.finished, 1, thread: 9, at: 1_003_000, failed: true),
        event(.finished, 0, thread: 7, at: 2_001_000),
        event(.delivered, 0, thread: 8, at: 2_002_050),
        event(.overtaken, 2, thread: 3, at: 2_002_100),
    ]

    private static func event(
        _ kind: TraceEvent.Kind, _ sequence: UInt64, thread: UInt32, at time: UInt64, failed: Bool = false
    ) -> TraceEvent {
        TraceEvent(kind: kind, failed: failed, thread: thread, producer: 0, sequence: sequence, time: time)
    }

    private static func written(_ events: [TraceEvent], name: String, dropped: Int) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try TextFile.create(at: path) { file in
            try ChromeTrace.write([(name, TraceTimeline(events))], dropped: dropped, to: file) { "thread \($0)" }
        }
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Where the earlier events of an item were dropped.
    @Test(arguments: [TraceEvent.Kind.requested, .started, .finished, .overtaken, .delivered])
    func theFirstEventIsTheOrigin(kind: TraceEvent.Kind) throws {
        let events = [
            Self.event(kind, 4, thread: 8, at: 5_000_000), Self.event(.delivered, 4, thread: 8, at: 5_001_000),
        ]
        let lines = try Self.written(kind == .delivered ? [events[0]] : events, name: "late", dropped: 1)
        let delivered = lines.filter { $0.contains("\"name\":\"delivered 4\"") }
        #expect(delivered.count == 1)
        #expect(delivered.allSatisfy { $0.contains("\"ts\":\(kind == .delivered ? "0.000" : "1.000")}") })
    }

    @Test func eachMemberIsWhatTheFormatWants() throws {
        let lines = try Self.written(Self.events, name: "a \"b\"\u{1}\u{1f}", dropped: 3)
        let expected = """
            {"displayTimeUnit":"ns","otherData":{"dropped events":3},"traceEvents":[
            {"ph":"M","pid":1,"name":"process_name","args":{"name":"a \\"b\\"\\u0001\\u001f"}},
            {"ph":"M","pid":1,"tid":0,"name":"thread_name","args":{"name":"who holds the line"}},
            {"ph":"M","pid":1,"tid":0,"name":"thread_sort_index","args":{"sort_index":0}},
            {"ph":"M","pid":1,"tid":7,"name":"thread_name","args":{"name":"thread 7"}},
            {"ph":"M","pid":1,"tid":7,"name":"thread_sort_index","args":{"sort_index":1}},
            {"ph":"M","pid":1,"tid":8,"name":"thread_name","args":{"name":"thread 8"}},
            {"ph":"M","pid":1,"tid":8,"name":"thread_sort_index","args":{"sort_index":2}},
            {"ph":"M","pid":1,"tid":9,"name":"thread_name","args":{"name":"thread 9"}},
            {"ph":"M","pid":1,"tid":9,"name":"thread_sort_index","args":{"sort_index":3}},
            {"ph":"X","cat":"item","name":"item 0","pid":1,"tid":7,"ts":1.000,"dur":1000.000,\
            "args":{"sequence":0,"failed":false,"overtaken":false,"waited to start (us)":1.000,\
            "waited for its turn (us)":1.050}},
            {"ph":"i","s":"t","cat":"delivery","name":"delivered 0","pid":1,"tid":8,"ts":1002.050},
            {"ph":"X","cat":"item","name":"item 1","pid":1,"tid":9,"ts":2.007,"dur":0.993,\
            "args":{"sequence":1,"failed":true,"overtaken":false,"waited to start (us)":0.507}},
            {"ph":"X","cat":"line","cname":"terrible","name":"held by 0","pid":1,"tid":0,"ts":3.000,"dur":998.000,\
            "args":{"sequence":0}},
            {"ph":"C","name":"items","pid":1,"ts":0.000,"args":{"outstanding":1,"finished, waiting":0}},
            {"ph":"C","name":"items","pid":1,"ts":1.500,"args":{"outstanding":2,"finished, waiting":0}},
            {"ph":"C","name":"items","pid":1,"ts":2.000,"args":{"outstanding":3,"finished, waiting":0}},
            {"ph":"C","name":"items","pid":1,"ts":3.000,"args":{"outstanding":3,"finished, waiting":1}},
            {"ph":"C","name":"items","pid":1,"ts":3.000,"args":{"outstanding":2,"finished, waiting":0}},
            {"ph":"C","name":"items","pid":1,"ts":1001.000,"args":{"outstanding":2,"finished, waiting":1}},
            {"ph":"C","name":"items","pid":1,"ts":1002.050,"args":{"outstanding":1,"finished, waiting":0}},
            {"ph":"C","name":"items","pid":1,"ts":1002.100,"args":{"outstanding":1,"finished, waiting":1}},
            {"ph":"C","name":"items","pid":1,"ts":1002.100,"args":{"outstanding":0,"finished, waiting":0}}
            ]}
            """
        #expect(lines == expected.split(separator: "\n").map(String.init))
    }
}
