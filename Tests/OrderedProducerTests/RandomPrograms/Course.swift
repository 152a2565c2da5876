// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// One accepted item after the other: what may have become of it, and beside that what did.
///
/// Whether an item that raced its deadline was overtaken, only the call of its substitute tells; what must follow from
/// that call, and which items may have been overtaken at all, follows from the program.
struct Course {
    private enum Fate: Equatable { case value(Int), nothing, failure }

    private let program: Program
    private let notes: Record.Notes

    /// Items that nothing took the place of.
    private(set) var nothings = 0
    private(set) var failures = 0
    /// Of the failures, those that can only be due to a deadline, and those that may be.
    private(set) var overtaken = 0...0
    /// The item whose failure ends production.
    private(set) var ending: Record.Entry?
    /// The item that delivery did not get past, although it has neither failed nor been left out.
    private(set) var missing: Record.Entry?
    /// How many of the delivered items are accounted for.
    private(set) var delivered = 0

    init(_ program: Program, _ notes: Record.Notes, _ ordered: [Record.Entry]) {
        self.program = program
        self.notes = notes
        for entry in ordered {
            let fates = fates(of: entry)
            if delivered < notes.delivered.count, fates.contains(.value(notes.delivered[delivered])) {
                delivered += 1
            } else if fates.contains(.nothing) {
                nothings += 1
            } else if fates.contains(.failure) {
                count(failed: entry)
                guard program.configuration.onFailure == .skip else {
                    ending = entry
                    return
                }
            } else {
                missing = entry
                return
            }
        }
    }

    private func fates(of entry: Record.Entry) -> [Fate] {
        let own = entry.item.fails ? Fate.failure : .value(entry.item.value)
        guard program.patience(with: entry.item) == .soon, let sequence = entry.sequence else { return [own] }
        if notes.substituted[sequence] != nil {
            switch program.instead(of: entry.item, at: sequence) {
            case .value: return [.value(Record.substitute(of: sequence))]
            case .nothing: return [.nothing]
            case .error, nil: return [.failure]
            }
        }
        if program.instead(of: entry.item, at: sequence) != nil { return hangs(entry) ? [] : [own] }
        return hangs(entry) ? [.failure] : [own, .failure]
    }

    /// Until production is over. After a drop nobody waits for that before those that hang are let go.
    private func hangs(_ entry: Record.Entry) -> Bool { entry.item.hangs && program.end != .drop }

    private mutating func count(failed entry: Record.Entry) {
        failures += 1
        guard let sequence = entry.sequence, notes.substituted[sequence] == nil,
            program.patience(with: entry.item) == .soon, program.instead(of: entry.item, at: sequence) == nil
        else { return }
        let isSure = hangs(entry) || !entry.item.fails
        overtaken = overtaken.lowerBound + (isSure ? 1 : 0)...overtaken.upperBound + 1
    }
}
