// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Synchronization

/// The substitutes of a program while it runs, and the items that hang.
///
/// An item that hangs is let go when its substitute was delivered, or where that gives nothing to deliver, was called:
/// so it is overtaken however the threads run. Its caller hears the sequence before or after that. What is left is let
/// go when production is over.
final class Overtaking: Sendable {
    private struct Hanging {
        var gates: [UInt64: Gate] = [:]
        /// Their substitutes have come out before their callers could say who they are.
        var passed: Set<UInt64> = []
        /// Also of items that were not accepted.
        var all: [(value: Int, gate: Gate)] = []
    }

    private let program: Program
    private let record: Record
    private let items = Locked(Hanging())
    private let isInside = Atomic(false)

    init(_ program: Program, _ record: Record) {
        self.program = program
        self.record = record
    }

    /// The producer's substitute.
    var producers: (@Sendable (UInt64) throws -> Token?)? {
        guard program.deadlines?.substitutes.isEmpty == false else { return nil }
        return { try self.substitute(nil, $0) }
    }

    func prepare(_ make: inout Make, _ item: Program.Item) {
        if let deadline = item.deadline {
            make.deadline = deadline.duration
            if deadline.instead != nil { make.substitute = { try self.substitute(item, $0) } }
        }
        guard item.hangs else { return }
        let gate = Gate()
        items.withLock { $0.all.append((item.value, gate)) }
        make.gate = gate
    }

    private func substitute(_ item: Program.Item?, _ sequence: UInt64) throws -> Token? {
        if isInside.exchange(true, ordering: .relaxed) { record.complain("two substitutes at once") }
        defer { isInside.store(false, ordering: .relaxed) }
        let before = record.note { $0.substituted.updateValue(item?.value, forKey: sequence) }
        if before != nil { record.complain("\(sequence) was substituted twice") }
        let value = Record.substitute(of: sequence)
        switch program.instead(of: item, at: sequence)! {
        case .value: return Token(value, record.ledger)
        case .nothing:
            pass(sequence)
            return nil
        case .error:
            pass(sequence)
            throw TestError(value: value)
        }
    }

    /// The item that waits for `gate` was accepted.
    func hangs(_ gate: Gate, at sequence: UInt64) {
        let hasPassed = items.withLock { hanging in
            hanging.gates[sequence] = gate
            return hanging.passed.contains(sequence)
        }
        if hasPassed { gate.open() }
    }

    func delivered(_ value: Int) {
        let sequence = -(value - Record.substitute(of: 0))
        if value <= Record.substitute(of: 0) { pass(UInt64(sequence)) }
    }

    private func pass(_ sequence: UInt64) {
        let gate = items.withLock { hanging in
            hanging.passed.insert(sequence)
            return hanging.gates[sequence]
        }
        gate?.open()
    }

    /// How many hang now.
    var hanging: Int {
        let begun = Set(record.ledger.begun)
        return items.withLock { hanging in
            hanging.all.count { begun.contains($0.value) && !$0.gate.isOpen }
        }
    }

    func letAllGo() {
        for (_, gate) in items.withLock({ $0.all }) { gate.open() }
    }
}
