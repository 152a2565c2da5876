// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// The model: from what was accepted and which items fail follows what may have come out, what `stop()` may have said,
/// and what the statistics add up to. Where nothing cut production short, there is one answer.
struct Verdict {
    private let program: Program
    private let notes: Record.Notes
    private let begun: [Int]
    /// What was accepted, by sequence; nil where some call did not tell and nothing else does.
    private let ordered: [Record.Entry]?
    private let found = Complaints()

    private final class Complaints { var list: [String] = [] }

    var complaints: [String] { found.list }

    init(_ program: Program, _ record: Record, _ outcome: Run.Outcome) {
        self.program = program
        notes = record.snapshot
        begun = record.ledger.begun
        found.list = notes.complaints
        ordered = Self.ordered(program, notes, found)
        judgeOrder()
        judgeItems()
        judgeTracked()
        guard let statistics = outcome.statistics else { return }
        judge(statistics)
        judge(outcome.stops)
    }

    private func expect(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds { found.list.append(complaint()) }
    }

    // MARK: Order

    private static func ordered(
        _ program: Program, _ notes: Record.Notes, _ found: Complaints
    ) -> [Record.Entry]? {
        var entries = notes.accepted
        if entries.contains(where: { $0.sequence == nil }) {
            guard program.callers.count == 1, notes.nested == 0 else { return nil }
            for index in entries.indices where entries[index].sequence == nil {
                entries[index].sequence = UInt64(index)
            }
        }
        entries.sort { $0.sequence! < $1.sequence! }
        if entries.map(\.sequence!) != Array(0..<UInt64(entries.count)) {
            found.list.append("sequences are \(entries.map(\.sequence!))")
            return nil
        }
        return entries
    }

    private var policy: FailurePolicy { program.configuration.onFailure }

    /// Whether production went on to its ordinary end.
    private var isWhole: Bool {
        notes.isAttached && !notes.endedAtOnce && program.end != .drop && program.end != .stopProducing
            && !(policy == .failFast && !notes.threw.isEmpty)
    }

    private var failing: Record.Entry? { policy == .skip ? nil : ordered?.first { $0.item.fails } }

    private func judgeOrder() {
        guard let ordered else { return judgeCallers() }
        let end = failing.flatMap { failing in ordered.firstIndex { $0.sequence == failing.sequence } } ?? ordered.count
        let expected = ordered[..<end].filter { !$0.item.fails }.map(\.item.value)
        if isWhole {
            expect(notes.delivered == expected, "delivered \(notes.delivered), not \(expected)")
        } else {
            expect(
                expected.starts(with: notes.delivered), "delivered \(notes.delivered), not a beginning of \(expected)")
        }
    }

    /// Where sequences are not known: each caller's own items come in its order, none left out before the last of them.
    private func judgeCallers() {
        for caller in 0..<program.callers.count {
            let own = notes.accepted.filter { $0.item.value / 1000 == caller && !$0.item.fails }.map(\.item.value)
            let delivered = notes.delivered.filter { $0 / 1000 == caller }
            expect(own.starts(with: delivered), "of caller \(caller) delivered \(delivered), not a beginning of \(own)")
            if isWhole, policy == .skip || notes.threw.isEmpty {
                expect(own == delivered, "of caller \(caller) delivered \(delivered), not \(own)")
            }
        }
    }

    // MARK: Items

    private func judgeItems() {
        let accepted = Set(notes.accepted.map(\.item.value))
        expect(Set(begun).count == begun.count, "an item was begun twice: \(begun)")
        expect(Set(notes.delivered).count == notes.delivered.count, "an item was delivered twice: \(notes.delivered)")
        expect(Set(notes.delivered).isSubset(of: begun), "delivered and never begun")
        // After a drop, an item may be accepted by a caller that is still about to note it.
        if program.end != .drop { expect(accepted.isSuperset(of: begun), "begun and never accepted") }
    }

    private func judgeTracked() {
        for entry in notes.accepted where entry.isTracked {
            let value = entry.item.value
            let isMade = begun.contains(value) && !entry.item.fails
            expect(entry.trackedValue == (isMade ? value : nil), "handle of \(value): \(entry.trackedValue as Any)")
        }
    }

    // MARK: The end

    private func judge(_ statistics: ProducerStatistics) {
        let requested = UInt64(notes.accepted.count)
        let threw = UInt64(notes.threw.count)
        // Tasks that had not begun when production ended count as failed.
        let idle = UInt64(notes.accepted.count { $0.isTask && !begun.contains($0.item.value) })
        expect(statistics.requested == requested, "\(requested) accepted, \(statistics)")
        expect(statistics.head == requested, "\(requested) accepted, \(statistics)")
        expect(statistics.delivered == notes.delivered.count, "\(notes.delivered.count) delivered, \(statistics)")
        expect((threw...threw + idle).contains(statistics.failed), "\(threw) threw, \(statistics)")
        expect(statistics.skipped == (policy == .skip ? statistics.failed : 0), "skipped: \(statistics)")
        expect(statistics.delivered + statistics.failed + statistics.discarded == requested, "sum: \(statistics)")
        expect(statistics.running + statistics.finishedWaiting + statistics.outstanding == 0, "left: \(statistics)")
    }

    private func judge(_ stops: [Result<Int?, any Error>]) {
        var values: [Int] = []
        var failures: [ItemFailure] = []
        var others: [any Error] = []
        for stop in stops {
            switch stop {
            case .success(let value): if let value { values.append(value) }
            case .failure(let failure as ItemFailure): failures.append(failure)
            case .failure(let error): others.append(error)
            }
        }
        let text = "stop: \(stops)"
        let isThread = program.consumer == .thread || program.consumer == .blockingThread
        expect(values.count + failures.count + others.count <= 1, text)
        expect(values.allSatisfy { isThread && notes.isAttached && $0 == notes.delivered.count }, text)
        expect(failures.allSatisfy(isPossible), text)
        expect(others.allSatisfy { $0 as? TestError == TestError(value: -1) && notes.consumerThrew }, text)
        if isWhole, policy == .endInOrder, !notes.threw.isEmpty {
            expect(failures.count == 1, text)
            if let failing { expect(failures.first?.sequence == failing.sequence, text) }
            if program.consumer == .sequence {
                expect(notes.iterationFailure?.sequence == failures.first?.sequence, "iteration: \(notes), \(text)")
            }
        } else if notes.threw.isEmpty || policy == .skip {
            expect(failures.isEmpty && notes.iterationFailure == nil, text)
            let throwsIts = notes.consumerThrew && program.consumer != .sequence
            expect(others.count == (throwsIts ? 1 : 0), text)
            expect(values.count == (isThread && notes.isAttached && !throwsIts ? 1 : 0), text)
        }
    }

    /// An item that threw, with its own error.
    private func isPossible(_ failure: ItemFailure) -> Bool {
        guard policy != .skip, let error = failure.underlying as? TestError, notes.threw.contains(error.value) else {
            return false
        }
        return notes.accepted.contains { entry in
            entry.item.value == error.value && (entry.sequence == nil || entry.sequence == failure.sequence)
        }
    }
}
