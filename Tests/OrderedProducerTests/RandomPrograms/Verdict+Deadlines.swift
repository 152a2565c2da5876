// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// What the model says of items that were overtaken, or may have been.
extension Verdict {
    /// Whether its deadline may have passed, and nothing takes its place then.
    func isBare(_ entry: Record.Entry) -> Bool {
        program.patience(with: entry.item) == .soon && program.instead(of: entry.item, at: 0) == nil
    }

    func wasSubstituted(_ entry: Record.Entry) -> Bool {
        guard let sequence = entry.sequence else { return false }
        return notes.substituted[sequence] != nil
    }

    /// Where its sequence is not known, neither is whether the producer's substitute was called for it.
    func mayBeOvertaken(_ entry: Record.Entry) -> Bool {
        guard program.patience(with: entry.item) == .soon else { return false }
        return isBare(entry) || entry.sequence == nil || wasSubstituted(entry)
    }

    func failed(substitute sequence: UInt64) -> Bool {
        guard let own = notes.substituted[sequence] else { return false }
        let item = own.flatMap { value in notes.accepted.first { $0.item.value == value } }?.item
        return program.instead(of: item, at: sequence) == .error
    }

    private var failedSubstitutes: Int { notes.substituted.keys.count { failed(substitute: $0) } }

    /// Those whose functions threw, but for those that had been overtaken then.
    private var threw: [Record.Entry] {
        notes.accepted.filter { notes.threw.contains($0.item.value) && !wasSubstituted($0) }
    }

    /// How many failures may have been told. One that throws behind its deadline when production ends may just be too
    /// late.
    var toldFailures: ClosedRange<UInt64> {
        let certain = threw.count { program.patience(with: $0.item) != .soon } + failedSubstitutes
        let bare = notes.accepted.count { isBare($0) && !notes.threw.contains($0.item.value) }
        return UInt64(certain)...UInt64(threw.count + failedSubstitutes + bare)
    }

    /// How many items may have failed: tasks that had not begun when production ended count, too.
    var failures: ClosedRange<UInt64> {
        let idle = notes.accepted.count { $0.isTask && !begun.contains($0.item.value) }
        return toldFailures.lowerBound...toldFailures.upperBound + UInt64(idle)
    }

    var mayHaveFailed: Bool {
        !threw.isEmpty || failedSubstitutes > 0 || notes.accepted.contains(where: isBare)
    }

    /// Whether an item has failed for certain, where nothing but that ends production.
    var hasFailed: Bool {
        if let course { return course.ending != nil }
        return failedSubstitutes > 0 || threw.contains { program.patience(with: $0.item) != .soon }
    }

    func judgeSubstitutes() {
        for (sequence, own) in notes.substituted {
            guard let ordered else { continue }
            guard sequence < ordered.count else {
                expect(program.end == .drop, "\(sequence) was substituted and never accepted")
                continue
            }
            let item = ordered[Int(sequence)].item
            expect(program.patience(with: item) == .soon, "\(sequence) was substituted before its deadline")
            let expected = item.deadline?.instead == nil ? nil : item.value
            expect(own == expected, "\(sequence) was substituted by that of \(own as Any), not \(expected as Any)")
        }
        for value in notes.delivered where value < 0 {
            let sequence = UInt64(Record.substitute(of: 0) - value)
            expect(notes.substituted[sequence] != nil, "\(sequence) was delivered as a substitute that nobody made")
        }
    }

    func judgeOvertaken(_ statistics: ProducerStatistics, _ outcome: Run.Outcome) {
        let called = notes.substituted.count
        let bare = notes.accepted.count(where: isBare)
        expect((called...called + bare).contains(Int(statistics.overtaken)), "\(called) substituted, \(statistics)")
        if isWhole, let course, course.ending == nil {
            let sum = called + course.overtaken.lowerBound...called + course.overtaken.upperBound
            expect(sum.contains(Int(statistics.overtaken)), "\(sum) overtaken, \(statistics)")
        }
        guard var before = outcome.whileLate else { return }
        // What a task makes counts as begun with its sequence.
        let soon = notes.accepted.count {
            program.patience(with: $0.item) == .soon && ($0.isTask || begun.contains($0.item.value))
        }
        expect((outcome.hanging...soon).contains(before.late), "\(outcome.hanging) hang, \(before)")
        before.late = 0
        // The books of who woke and helped whom are closed a moment later.
        before.workerWakes = statistics.workerWakes
        before.consumerWakes = statistics.consumerWakes
        before.callerWakes = statistics.callerWakes
        before.assisted = statistics.assisted
        before.helped = statistics.helped
        expect(before == statistics, "changed by what came late: \(before), \(statistics)")
    }
}
