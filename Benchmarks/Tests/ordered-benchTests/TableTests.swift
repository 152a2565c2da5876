// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ordered_bench

@Suite(.endsWithin(minutes: 1))
struct TableTests {
    @Test func figuresHaveAsManyDigitsAsTheyNeed() {
        #expect(Table.figure(7.254) == "7.25")
        #expect(Table.figure(72.54) == "72.5")
        #expect(Table.figure(7254.2) == "7254")
        #expect(Table.spread(Spread([10, 20, 30])) == "20.0 (10.0–30.0)")
        #expect(Table.spread(Spread([10.0])) == "10.0")
        #expect(Table.spread(nil) == "")
        #expect(Table.percent(0.5) == "50.0 %")
    }

    @Test func aTableHasARowEach() {
        #expect(Table.lines(["a", "b"], [["1", "2"]]) == ["| a | b |", "| --- | ---: |", "| 1 | 2 |"])
    }

    private func measurement(
        _ subject: String, _ scenario: String, seconds: Double? = nil, failure: String? = nil
    ) throws -> ordered_bench.Measurement {
        let job = Job(items: 1000, steps: 500, workers: 2, window: 1024)
        var measurement = ordered_bench.Measurement(
            subject: subject, scenario: scenario, repetition: 1, job: job, failure: failure)
        if let seconds {
            let line = #"{"subject":"\#(subject)","seconds":\#(seconds),"checksum":"1","received":1000}"#
            measurement.result = try PassResult(output: Data(line.utf8))
        }
        return measurement
    }

    @Test func efficiencyIsAgainstTheSerialLoop() throws {
        var summaries = [
            Summary([try measurement("serial", "1us", seconds: 0.001)]),
            Summary([try measurement("half", "1us", seconds: 0.001)]),
            Summary([try measurement("all", "1us", seconds: 0.0005)]),
        ]
        Efficiency.add(to: &summaries, cores: 2, stepsPerMicrosecond: 1)
        #expect(summaries.map { $0.efficiency } == [0.5, 0.5, 1])
    }

    @Test func aFailureIsARowOfTheTable() throws {
        let summaries = [
            Summary([try measurement("good", "1us", seconds: 0.001)]),
            Summary([try measurement("bad", "1us", failure: "status 1: out of | order")]),
        ]
        let participants = ["good", "bad"].map {
            Participant(name: $0, summary: "", command: ["x"], isPeer: true, kinds: [.work])
        }
        let report = Report(
            machine: .current(), shape: Shape(), repetitions: 1, seconds: 1, smoke: false, stepsPerMicrosecond: nil,
            participants: participants, peersNote: nil, peerVersions: nil, summaries: summaries, granularities: [],
            allocations: [], measurements: [])
        let text = report.markdown()
        #expect(text.contains("| bad | failed: status 1: out of \\| order |"))
        #expect(text.contains("| good | 1000 |"))
        #expect(try JSONDecoder().decode(Report.self, from: try report.json()).summaries.count == 2)
    }
}
