// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// What happened while a program ran: everything that the model judges.
final class Record: Sendable {
    struct Entry: Sendable {
        var item: Program.Item
        var sequence: UInt64?
        var tracked: TrackedItem<Token>?
        /// What the handle gave.
        var trackedValue: Int?
        var isTracked = false
        var isTask: Bool
    }

    struct Notes {
        var accepted: [Entry] = []
        var delivered: [Int] = []
        /// Values whose functions threw.
        var threw: Set<Int> = []
        /// What `onItemFailure` was told.
        var told: [ItemFailure] = []
        var nested = 0
        /// The calls of substitutes, by sequence: of the item with this value, or nil of the producer.
        var substituted: [UInt64: Int?] = [:]
        /// Somebody called `stopProducing()`, or left.
        var endedAtOnce = false
        var consumerThrew = false
        var iterationFailure: ItemFailure?
        var complaints: [String] = []
        var isAttached = false
    }

    /// Values from here on are those of items that items and consumers asked for.
    static let nestedValues = 100_000

    /// What a substitute gives or throws: below zero, so that it is nobody's own.
    static func substitute(of sequence: UInt64) -> Int { -1_000_000 - Int(sequence) }

    let ledger = Ledger()
    /// Opens when the consumer function, or the iteration, is over.
    let consumerEnded = Gate()
    private let notes = Locked(Notes())

    func note<Result>(_ body: (inout Notes) -> sending Result) -> sending Result { notes.withLock(body) }

    func complain(_ complaint: String) { note { $0.complaints.append(complaint) } }

    func accepted(_ items: [Program.Item], asTask isTask: Bool, _ reply: Reply) {
        guard case .accepted(let count, let sequence, let tracked) = reply else { return }
        let entries = items.prefix(count).map { item in
            Entry(item: item, sequence: sequence, tracked: tracked, isTracked: tracked != nil, isTask: isTask)
        }
        note { $0.accepted += entries }
    }

    /// Asks the handles, and lets go of them: they hold tokens.
    func resolveTracked() async {
        for (index, entry) in snapshot.accepted.enumerated() {
            guard let tracked = entry.tracked else { continue }
            let value = await tracked.value?.value
            note {
                $0.accepted[index].trackedValue = value
                $0.accepted[index].tracked = nil
            }
        }
    }

    var snapshot: Notes { note { $0 } }
}
