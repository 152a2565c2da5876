// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1)) struct TraceTimelineTests {
    /// Events as they are easiest to read: what, which item, when.
    private func events(_ list: [(TraceEvent.Kind, UInt64, UInt64)]) -> [TraceEvent] {
        list.map {
            TraceEvent(
                kind: $0.0, failed: false, thread: UInt32($0.1 % 2), producer: 0, sequence: $0.1, time: $0.2)
        }
    }

    @Test func itemsArePutTogetherInOrder() {
        let timeline = TraceTimeline(
            events([
                (.requested, 1, 5), (.requested, 0, 2), (.started, 1, 7), (.finished, 1, 8), (.started, 0, 3),
                (.finished, 0, 9), (.delivered, 1, 11), (.delivered, 0, 10),
            ]))
        #expect(
            timeline.items == [
                .init(sequence: 0, requested: 2, started: 3, finished: 9, delivered: 10, runner: 0, deliverer: 0),
                .init(sequence: 1, requested: 5, started: 7, finished: 8, delivered: 11, runner: 1, deliverer: 1),
            ])
    }

    @Test func aSlowHeadHoldsTheLineFromTheFirstFinishedItemOn() {
        let timeline = TraceTimeline(
            events([
                (.finished, 0, 100), (.finished, 1, 40), (.finished, 2, 30), (.delivered, 0, 101), (.delivered, 1, 102),
                (.delivered, 2, 103),
            ]))
        #expect(timeline.holds == [.init(sequence: 0, from: 30, to: 100)])
    }

    @Test func theNextSlowItemHoldsItOnlyOnceItIsTheHead() {
        let timeline = TraceTimeline(
            events([
                (.finished, 0, 50), (.delivered, 0, 51), (.finished, 1, 90), (.delivered, 1, 91), (.finished, 2, 10),
                (.delivered, 2, 92),
            ]))
        #expect(
            timeline.holds == [.init(sequence: 0, from: 10, to: 50), .init(sequence: 1, from: 51, to: 90)])
    }

    @Test func whatFinishesInOrderHoldsNobody() {
        let timeline = TraceTimeline(
            events([(.finished, 0, 1), (.delivered, 0, 2), (.finished, 1, 3), (.delivered, 1, 4)]))
        #expect(timeline.holds.isEmpty)
    }

    @Test func anOvertakenItemHoldsTheLineUntilASubstituteTakesItsPlace() {
        let timeline = TraceTimeline(
            events([
                (.started, 0, 1), (.finished, 1, 10), (.overtaken, 0, 50), (.delivered, 0, 51), (.delivered, 1, 52),
                (.finished, 0, 900),
            ]))
        #expect(timeline.holds == [.init(sequence: 0, from: 10, to: 50)])
    }

    @Test func anItemThatIsStillBeingMadeHasNoEndAndNoHold() {
        let timeline = TraceTimeline(events([(.started, 0, 1), (.finished, 1, 2)]))
        #expect(timeline.items[0].finished == nil)
        #expect(timeline.holds.isEmpty)
    }
}
