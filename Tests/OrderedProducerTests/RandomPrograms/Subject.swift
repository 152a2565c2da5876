// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// One producer of either kind, for calls of any way, and what they said.
final class Subject: Sendable {
    enum Reply: Sendable {
        /// How many were accepted, with the sequence and the handle where the way tells one.
        case accepted(Int, sequence: UInt64?, tracked: TrackedItem<Token>?)
        case full
        case ended
    }

    private enum Kind: Sendable {
        case items(OrderedItemProducer<Token, Int>)
        case transform(OrderedTransform<Make, Token, Int>)
    }

    private let kind: Kind

    init(_ program: Program, pool: WorkerPool) throws {
        kind =
            program.isTransform
            ? .transform(try OrderedTransform(pool: pool, configuration: program.configuration) { try $0.run() })
            : .items(try OrderedItemProducer(pool: pool, configuration: program.configuration))
    }

    private static func reply(_ sequence: UInt64?, tracked: TrackedItem<Token>? = nil) -> Reply {
        sequence == nil ? .ended : .accepted(1, sequence: sequence, tracked: tracked)
    }

    private static func reply(_ admission: Admission) -> Reply {
        switch admission {
        case .accepted(let sequence): .accepted(1, sequence: sequence, tracked: nil)
        case .full: .full
        case .ended: .ended
        }
    }

    private static func reply(_ count: Int, of makes: [Make]) -> Reply {
        count == 0 && !makes.isEmpty ? .ended : .accepted(count, sequence: nil, tracked: nil)
    }

    func ask(_ way: Way, _ makes: [Make]) async throws -> Reply {
        let make = makes[0]
        switch (way, kind) {
        case (.blocking, _), (.transformBlocking, _):
            return try await onThread { try self.askBlocking(make) }
        case (.trying, _), (.transformTrying, _):
            return try askWithoutWaiting(make)
        case (.suspending, .items(let items)):
            return Self.reply(try await items.produceItem { try make.run() })
        case (.asTask, .items(let items)):
            return Self.reply(try await items.produceItem { try await make.runAsTask() })
        case (.tracked, .items(let items)):
            let tracked = try await items.produceTrackedItem { try make.run() }
            return Self.reply(tracked?.sequence, tracked: tracked)
        case (.transformSuspending, .transform(let transform)):
            return Self.reply(try await transform.produce(make))
        case (.transformContents, .transform(let transform)):
            return Self.reply(try await transform.produce(contentsOf: makes), of: makes)
        case (.transformContentsBlocking, .transform(let transform)):
            return Self.reply(try await onThread { try transform.produce(contentsOf: makes) }, of: makes)
        default:
            fatalError("a way belongs to one kind of producer")
        }
    }

    func askBlocking(_ make: Make) throws -> Reply {
        switch kind {
        case .items(let items): Self.reply(try items.produceItem { try make.run() })
        case .transform(let transform): Self.reply(try transform.produce(make))
        }
    }

    func askWithoutWaiting(_ make: Make) throws -> Reply {
        switch kind {
        case .items(let items): Self.reply(try items.tryProduceItem { try make.run() })
        case .transform(let transform): Self.reply(try transform.tryProduce(make))
        }
    }

    func start(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) async throws {
        switch kind {
        case .items(let items): try await items.start(consume)
        case .transform(let transform): try await transform.start(consume)
        }
    }

    func startBlocking(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) throws {
        switch kind {
        case .items(let items): try items.start(consume)
        case .transform(let transform): try transform.start(consume)
        }
    }

    func start(onItem: @escaping @Sendable (Token) throws -> Void) throws {
        switch kind {
        case .items(let items): try items.start(onItem: onItem)
        case .transform(let transform): try transform.start(onItem: onItem)
        }
    }

    func items() throws -> AsyncOrderedItems<Token> {
        switch kind {
        case .items(let items): try items.items()
        case .transform(let transform): try transform.items()
        }
    }

    func stop() async throws -> Int? {
        switch kind {
        case .items(let items): try await items.stop()
        case .transform(let transform): try await transform.stop()
        }
    }

    func stopBlocking() throws -> Int? {
        switch kind {
        case .items(let items): try items.stop()
        case .transform(let transform): try transform.stop()
        }
    }

    var push: any PushProducer {
        switch kind {
        case .items(let items): items
        case .transform(let transform): transform
        }
    }

    var statistics: ProducerStatistics {
        switch kind {
        case .items(let items): items.statistics
        case .transform(let transform): transform.statistics
        }
    }
}
