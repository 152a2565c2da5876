// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ordered_bench

@Suite(.endsWithin(minutes: 1))
struct PlanTests {
    private func participant(_ name: String, _ kinds: Set<Scenario.Kind>) -> Participant {
        Participant(name: name, summary: "", command: ["true"], isPeer: false, kinds: kinds)
    }

    @Test func participantsTakeTurns() throws {
        let scenario = try #require(Scenario(argument: "1us"))
        let plan = Plan(
            participants: [
                participant("a", [.work]), participant("b", [.paced]), participant("c", [.work, .trivial]),
            ], scenarios: [scenario], repetitions: 3)
        #expect(plan.steps(of: scenario).map(\.participant) == ["a", "c", "a", "c", "a", "c"])
        #expect(plan.steps(of: scenario).map(\.repetition) == [1, 1, 2, 2, 3, 3])
    }

    @Test func minorFacesTakePartWhereEverybodyLooksOrWhereTheyAreNamed() throws {
        let sink = participant("closure-sink", [.work, .uneven])
        var plan = Plan(participants: [sink], scenarios: [], repetitions: 1)
        let (work, tail) = (try #require(Scenario(argument: "1us")), try #require(Scenario(argument: "tail-1us")))
        #expect(plan.participants(in: work) == [sink])
        #expect(plan.participants(in: tail).isEmpty)
        plan.areNamed = true
        #expect(plan.participants(in: tail) == [sink])
    }

    @Test func secondaryScenariosAreMeasuredLessOften() throws {
        let plan = Plan(participants: [], scenarios: [], repetitions: 5)
        #expect(plan.repetitions(of: try #require(Scenario(argument: "trivial"))) == 5)
        #expect(plan.repetitions(of: try #require(Scenario(argument: "callers-4"))) == 3)
        let once = Plan(participants: [], scenarios: [], repetitions: 1)
        #expect(once.repetitions(of: try #require(Scenario(argument: "callers-4"))) == 1)
    }

    @Test func itemsAreRoundAndWithinBounds() {
        #expect(Sizing.round(1_234_567) == 1_000_000)
        #expect(Sizing.round(4999) == 2000)
        #expect(Sizing.round(5000) == 5000)
        #expect(Sizing.round(0) == Sizing.fewest)
        #expect(Sizing.round(1e12) == Sizing.most)
    }

    @Test func aRunIsSizedByWorkAndOverhead() throws {
        let sizing = Sizing(seconds: 0.4, cores: 2)
        let work = try #require(Scenario(argument: "10us"))
        #expect(sizing.items(work, overhead: 100) == 50_000)
        #expect(sizing.items(work, overhead: 100_000) == 2000)
        let paced = try #require(Scenario(argument: "paced-10000"))
        #expect(sizing.items(paced, overhead: 1) == 4000)
        #expect(sizing.items(paced, overhead: 1_000_000) == 1600)
        let bursts = try #require(Scenario(argument: "burst-256"))
        #expect(sizing.items(bursts, overhead: 1).isMultiple(of: 256))
    }

    @Test func aRunFarFromItsLengthIsCorrected() throws {
        let sizing = Sizing(seconds: 0.4, cores: 2)
        let work = try #require(Scenario(argument: "1us"))
        #expect(sizing.corrected(work, items: 10_000, took: 0.5) == nil)
        #expect(sizing.corrected(work, items: 10_000, took: 0.04) == 100_000)
        #expect(sizing.corrected(work, items: 10_000, took: 8) == 500)
        let paced = try #require(Scenario(argument: "paced-1000"))
        #expect(sizing.corrected(paced, items: 10_000, took: 80) == nil)
    }

    @Test func aListOfPeersIsRead() throws {
        let peers = try Participant.peers(
            list: "go\tpaced\tchannels\t/x/go-peers\npy\tunpaced\ta map\t/with a space/py-peers\n")
        #expect(peers.map(\.name) == ["go", "py"])
        #expect(peers[1].command == ["/with a space/py-peers", "py"])
        #expect(peers[0].kinds.contains(.paced))
        #expect(!peers[1].kinds.contains(.paced))
        #expect(throws: BenchError.self) { try Participant.peers(list: "go\tsometimes\tx\t/y") }
        #expect(throws: BenchError.self) { try Participant.peers(list: "go\tpaced\tx\t") }
        #expect(throws: BenchError.self) { try Participant.peers(list: "go paced x /y") }
    }

    @Test func combinationsAreFoundOrNamed() throws {
        #expect(try Combination(producer: "c", consumer: "sink").subject().name == "c-sink")
        #expect(try Combination(producer: "c", consumer: "thread", batch: 64).subject().name == "c-many")
        #expect(try Combination(producer: "closure", consumer: "async").subject().name == "closure-async")
        for (producer, consumer, batch) in [("c", "async", 1), ("closure", "loop", 1), ("closure", "thread", 64)] {
            #expect(throws: (any Error).self) {
                try Combination(producer: producer, consumer: consumer, batch: batch).subject()
            }
        }
    }
}
