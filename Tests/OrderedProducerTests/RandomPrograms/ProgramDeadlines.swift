// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// What a program draws of deadlines: how long the line waits for its items, and what it takes instead.
extension Program {
    /// Only what a test can rely on: a deadline that is `far` never passes. One that passes `soon` an item may miss or
    /// not, unless it hangs.
    enum Patience: CaseIterable { case soon, far }

    /// What a substitute does.
    enum Instead: CaseIterable { case value, nothing, error }

    /// Of the producer.
    struct Deadlines: Sendable {
        /// With items that have no deadline of their own.
        var usual: Patience?
        /// What the producer's substitute does for one sequence after the other, again and again; empty: it has none.
        var substitutes: [Instead]
    }

    /// Of one item.
    struct Deadline: Sendable {
        var patience: Patience
        var duration: Duration
        /// nil: what the producer's does.
        var instead: Instead?
    }

    /// Whether the line may stop waiting for `item`; nil: there are no deadlines for it.
    func patience(with item: Item) -> Patience? { item.deadline?.patience ?? deadlines?.usual }

    /// What takes the place of `item`; nil: nothing can, and it fails.
    func instead(of item: Item?, at sequence: UInt64) -> Instead? {
        if let own = item?.deadline?.instead { return own }
        guard let substitutes = deadlines?.substitutes, !substitutes.isEmpty else { return nil }
        return substitutes[Int(sequence % UInt64(substitutes.count))]
    }
}

extension Program.Patience {
    fileprivate func duration(_ dice: inout SeededGenerator) -> Duration {
        switch self {
        case .soon: [.nanoseconds(1), .microseconds(20), .microseconds(300)].randomElement(using: &dice)!
        case .far: .seconds(3600)
        }
    }
}

extension Program {
    mutating func drawDeadlines(_ dice: inout SeededGenerator) {
        guard Bool.random(using: &dice) else { return }
        let usual = ([nil] + Patience.allCases).randomElement(using: &dice)!
        deadlines = Deadlines(
            usual: usual,
            substitutes: (0..<Int.random(in: 0...4, using: &dice)).map { _ in
                Instead.allCases.randomElement(using: &dice)!
            })
        configuration.allowsDeadlines = true
        configuration.deadline = usual?.duration(&dice)
    }

    func drawDeadline(of item: inout Item, _ way: some AskingWay, _ dice: inout SeededGenerator) {
        guard deadlines != nil else { return }
        if way.takesDeadlines, Bool.random(using: &dice) {
            let patience = Patience.allCases.randomElement(using: &dice)!
            item.deadline = Deadline(
                patience: patience, duration: patience.duration(&dice),
                instead: ([nil] + Instead.allCases).randomElement(using: &dice)!)
        }
        // It helps where there is no room: with one that hangs, and that nobody would come to before this one.
        if item.deed == .produceBlocking, patience(with: item) != .soon { item.deed = .tryProduce }
        // One that is late is not inside production any more: where that has ended, stop() has its outcome for it.
        if item.deed == .stop, patience(with: item) == .soon { item.deed = .nothing }
        // One that hangs is let go by its sequence once it was overtaken, so both must be known. Where nothing takes
        // its place and production goes on nobody hears of that, and it would keep its thread.
        let isHeard = configuration.onFailure != .skip || instead(of: item, at: 0) != nil
        guard patience(with: item) == .soon, !way.takesSeveral, isHeard else { return }
        item.hangs = Int.random(in: 0..<4, using: &dice) == 0
        if item.hangs { item.deed = .nothing }
    }
}

extension Program.Deadlines: CustomStringConvertible {
    var description: String {
        "deadline \(usual.map { "\($0)" } ?? "none"), "
            + (substitutes.isEmpty ? "no substitute" : "substitutes \(substitutes)")
    }
}

extension Program.Deadline: CustomStringConvertible {
    var description: String { "\(duration), \(instead.map { "\($0)" } ?? "the producer's")" }
}
