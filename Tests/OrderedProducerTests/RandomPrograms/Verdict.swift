// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// The model: from what was accepted, which items fail and which substitutes were called follows what may have come
/// out, what `stop()` may have said, and what the statistics add up to. Where nothing cut production short, there is
/// one answer.
struct Verdict {
    let program: Program
    let notes: Record.Notes
    let begun: Set<Int>
    /// What was accepted, by sequence; nil where some call did not tell and nothing else does.
    let ordered: [Record.Entry]?
    let course: Course?
    private let found = Complaints()

    private final class Complaints { var list: [String] = [] }

    var complaints: [String] { found.list }

    init(_ program: Program, _ record: Record, _ outcome: Run.Outcome) {
        self.program = program
        let notes = record.snapshot
        self.notes = notes
        begun = Set(record.ledger.begun)
        found.list = notes.complaints
        ordered = Self.ordered(program, notes, found)
        course = ordered.map { Course(program, notes, $0) }
        expect(begun.count == record.ledger.begun.count, "an item was begun twice: \(record.ledger.begun)")
        judgeOrder()
        judgeItems()
        judgeSubstitutes()
        judgeTracked()
        judgeTold()
        guard let statistics = outcome.statistics else { return }
        judge(statistics)
        judgeOvertaken(statistics, outcome)
        judge(outcome.stops)
    }

    func expect(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds { found.list.append(complaint()) }
    }

    var policy: FailurePolicy { program.configuration.onFailure }

    /// Whether production went on to its ordinary end.
    var isWhole: Bool {
        notes.isAttached && !notes.endedAtOnce && program.end != .drop && program.end != .stopProducing
            && !(policy == .failFast && mayHaveFailed)
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

    private func judgeOrder() {
        guard let course else { return judgeCallers() }
        let text = "delivered \(notes.delivered), substituted \(notes.substituted)"
        expect(course.delivered == notes.delivered.count, "\(text): wrong from \(course.delivered) on")
        if isWhole { expect(course.missing == nil, "\(text): \(course.missing as Any) is missing") }
    }

    /// Where sequences are not known: each caller's own items come in its order, none left out before the last of them.
    private func judgeCallers() {
        for caller in 0..<program.callers.count {
            let own = notes.accepted.filter { $0.item.value / 1000 == caller && !$0.item.fails }
            let delivered = notes.delivered.filter { $0 / 1000 == caller }
            // Of those that may be overtaken nothing is known here, but where they would be.
            let certain = own.filter { program.patience(with: $0.item) != .soon || delivered.contains($0.item.value) }
            let expected = certain.map(\.item.value)
            let text = "of caller \(caller) delivered \(delivered)"
            expect(expected.starts(with: delivered), "\(text), not a beginning of \(expected)")
            if isWhole, policy == .skip || !mayHaveFailed { expect(expected == delivered, "\(text), not \(expected)") }
        }
    }

    // MARK: Items

    private func judgeItems() {
        let accepted = Set(notes.accepted.map(\.item.value))
        let own = notes.delivered.filter { $0 >= 0 }
        expect(Set(notes.delivered).count == notes.delivered.count, "an item was delivered twice: \(notes.delivered)")
        expect(begun.isSuperset(of: own), "delivered and never begun")
        // After a drop, an item may be accepted by a caller that is still about to note it.
        if program.end != .drop { expect(accepted.isSuperset(of: begun), "begun and never accepted") }
    }

    private func judgeTracked() {
        for entry in notes.accepted where entry.isTracked {
            let value = entry.item.value
            let isMade = begun.contains(value) && !entry.item.fails
            let mayBeOvertaken = mayBeOvertaken(entry)
            let text = "handle of \(value): \(entry.trackedValue as Any)"
            expect(entry.trackedValue == (isMade ? value : nil) || mayBeOvertaken && entry.trackedValue == nil, text)
            if entry.item.hangs, wasSubstituted(entry) { expect(entry.trackedValue == nil, text) }
        }
    }

    /// Of each item that failed somebody is told, once, with its own error.
    private func judgeTold() {
        let sequences = notes.told.map(\.sequence)
        expect(Set(sequences).count == sequences.count, "told twice: \(notes.told)")
        // After a drop, an item may fail before its caller has noted that it was accepted.
        if program.end == .drop { return }
        expect(notes.told.allSatisfy(isPossible), "told: \(notes.told)")
        expect(toldFailures.contains(UInt64(sequences.count)), "\(toldFailures) failed, told: \(notes.told)")
    }

    // MARK: The end

    private func judge(_ statistics: ProducerStatistics) {
        let requested = UInt64(notes.accepted.count)
        expect(statistics.requested == requested, "\(requested) accepted, \(statistics)")
        expect(statistics.head == requested, "\(requested) accepted, \(statistics)")
        expect(statistics.delivered == notes.delivered.count, "\(notes.delivered.count) delivered, \(statistics)")
        expect(failures.contains(statistics.failed), "\(failures) failed, \(statistics)")
        expect(statistics.skipped == (policy == .skip ? statistics.failed : 0), "skipped: \(statistics)")
        expect(statistics.delivered + statistics.failed + statistics.discarded == requested, "sum: \(statistics)")
        expect(statistics.running + statistics.finishedWaiting + statistics.outstanding == 0, "left: \(statistics)")
        guard isWhole, let course, course.ending == nil else { return }
        expect(statistics.failed == course.failures, "\(course.failures) failed, \(statistics)")
        expect(statistics.discarded == course.nothings, "\(course.nothings) left out, \(statistics)")
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
        expect(policy != .skip || failures.isEmpty, text)
        expect(failures.allSatisfy(isPossible), text)
        expect(others.allSatisfy { $0 as? TestError == TestError(value: -1) && notes.consumerThrew }, text)
        if isWhole, policy == .endInOrder, hasFailed {
            expect(failures.count == 1, text)
            if let course { expect(failures.first?.sequence == course.ending?.sequence, text) }
            if program.consumer == .sequence {
                expect(notes.iterationFailure?.sequence == failures.first?.sequence, "iteration: \(notes), \(text)")
            }
        } else if !mayHaveFailed || policy == .skip {
            expect(failures.isEmpty && notes.iterationFailure == nil, text)
            let throwsIts = notes.consumerThrew && program.consumer != .sequence
            expect(others.count == (throwsIts ? 1 : 0), text)
            expect(values.count == (isThread && notes.isAttached && !throwsIts ? 1 : 0), text)
        }
    }

    /// Whether it is that of an item that threw, with its own error, or of one that was overtaken.
    private func isPossible(_ failure: ItemFailure) -> Bool {
        if failure.underlying is DeadlineExceeded {
            return notes.accepted.contains { isBare($0) && ($0.sequence ?? failure.sequence) == failure.sequence }
        }
        guard let error = failure.underlying as? TestError else { return false }
        if error.value == Record.substitute(of: failure.sequence) {
            return failed(substitute: failure.sequence)
        }
        return notes.threw.contains(error.value)
            && notes.accepted.contains { entry in
                entry.item.value == error.value && (entry.sequence ?? failure.sequence) == failure.sequence
                    && notes.substituted[failure.sequence] == nil
            }
    }
}
