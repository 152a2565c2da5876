// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// A producer, and item 0 of it, which has begun and hangs.
struct DeadlineScene {
    typealias Items = OrderedItemProducer<Token, Int>

    enum Form: String, CaseIterable, Sendable { case suspending, blocking, asTask }

    /// Over by the time that anybody looks.
    static let atOnce = Duration.nanoseconds(1)

    let items: Items
    let ledger = Ledger()
    let gate = Gate()
    let begun = Gate()

    init(
        onFailure: FailurePolicy = .endInOrder, window: Int = 8,
        substitute: (@Sendable (UInt64) throws -> Token?)? = nil,
        onItemFailure: (@Sendable (ItemFailure) -> Void)? = nil
    ) throws {
        let configuration = ProducerConfiguration(
            window: window, onFailure: onFailure, onItemFailure: onItemFailure, allowsDeadlines: true)
        let pool = try WorkerPool(threads: 2)
        items =
            if let substitute {
                try Items(pool: pool, configuration: configuration, substitute: substitute)
            } else {
                try Items(pool: pool, configuration: configuration)
            }
    }

    func askHung(
        _ form: Form, throwing error: (any Error & Sendable)? = nil,
        substitute: (@Sendable (UInt64) throws -> Token?)? = nil
    ) async throws {
        let (begun, gate, ledger) = (begun, gate, ledger)
        let hang: @Sendable () throws -> Token = {
            begun.open()
            gate.wait()
            if let error { throw error }
            return Token(0, ledger)
        }
        let sequence: UInt64?
        switch form {
        case .suspending:
            sequence = try await items.produceItem(within: Self.atOnce, substitute: substitute, hang)
        case .blocking:
            let items = items
            sequence = try await onThread { try items.produceItem(within: Self.atOnce, substitute: substitute, hang) }
        case .asTask:
            sequence = try await items.produceItem(within: Self.atOnce, substitute: substitute) { () async throws in
                begun.open()
                await gate.opened()
                if let error { throw error }
                return Token(0, ledger)
            }
        }
        #expect(sequence == 0)
        await begun.opened()
    }

    func ask(_ value: Int) async throws {
        let ledger = ledger
        _ = try await items.produceItem { Token(value, ledger) }
    }
}
