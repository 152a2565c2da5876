// SPDX-License-Identifier: Apache-2.0
import OrderedProducer
import Testing

/// Every way to ask for an item.
enum Way: String, CaseIterable, Sendable {
    case blocking, suspending, asTask, trying, tracked
    case transformBlocking, transformSuspending, transformTrying, transformContents, transformContentsBlocking

    var isTransform: Bool { rawValue.hasPrefix("transform") }
    /// Whether a call waits for room by suspending its task.
    var suspends: Bool {
        switch self {
        case .suspending, .asTask, .tracked, .transformSuspending, .transformContents: true
        default: false
        }
    }
    var blocks: Bool { self == .blocking || self == .transformBlocking || self == .transformContentsBlocking }
}

/// What a call said, in whichever way it was made.
enum Answer: Equatable { case accepted, full, ended }

/// One producer of either kind, used in one way.
final class Line: Sendable {
    typealias Items = OrderedItemProducer<Token, Int>
    typealias Transform = OrderedTransform<Make, Token, Int>

    private enum Kind: Sendable {
        case items(Items)
        case transform(Transform)
    }

    let way: Way
    private let kind: Kind

    init(_ way: Way, pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init()) throws {
        self.way = way
        kind =
            way.isTransform
            ? .transform(try Transform(pool: pool, configuration: configuration) { try $0.run() })
            : .items(try Items(pool: pool, configuration: configuration))
    }

    /// Asks for an item in this line's way.
    func produce(_ make: Make) async throws -> Answer {
        switch (way, kind) {
        case (.blocking, .items(let items)):
            return try await onThread { Self.answer(try items.produceItem { try make.run() }) }
        case (.suspending, .items(let items)):
            return Self.answer(try await items.produceItem { try make.run() })
        case (.asTask, .items(let items)):
            return Self.answer(try await items.produceItem { try await make.runAsTask() })
        case (.trying, .items(let items)):
            return Self.answer(try items.tryProduceItem { try make.run() })
        case (.tracked, .items(let items)):
            return Self.answer(try await items.produceTrackedItem { try make.run() }?.sequence)
        case (.transformBlocking, .transform(let transform)):
            return try await onThread { Self.answer(try transform.produce(make)) }
        case (.transformSuspending, .transform(let transform)):
            return Self.answer(try await transform.produce(make))
        case (.transformTrying, .transform(let transform)):
            return Self.answer(try transform.tryProduce(make))
        case (.transformContents, .transform(let transform)):
            return try await transform.produce(contentsOf: [make]) == 1 ? .accepted : .ended
        case (.transformContentsBlocking, .transform(let transform)):
            return try await onThread { try transform.produce(contentsOf: [make]) == 1 ? .accepted : .ended }
        default:
            fatalError("a line's kind follows from its way")
        }
    }

    private static func answer(_ sequence: UInt64?) -> Answer { sequence == nil ? .ended : .accepted }

    private static func answer(_ admission: Admission) -> Answer {
        switch admission {
        case .accepted: .accepted
        case .full: .full
        case .ended: .ended
        }
    }

    func start(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) async throws {
        switch kind {
        case .items(let items): try await items.start(consume)
        case .transform(let transform): try await transform.start(consume)
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

    private var pushProducer: any PushProducer {
        switch kind {
        case .items(let items): items
        case .transform(let transform): transform
        }
    }

    func pause() { pushProducer.pause() }
    func resume() { pushProducer.resume() }
    func stopProducing() { pushProducer.stopProducing() }

    var statistics: ProducerStatistics {
        switch kind {
        case .items(let items): items.statistics
        case .transform(let transform): transform.statistics
        }
    }
}

extension Line {
    /// As ``produce(_:)``, again and again where the way does not wait and the window is full.
    func produce(contended make: Make) async throws -> Answer {
        while true {
            let answer = try await produce(make)
            guard answer == .full else { return answer }
            await Task.yield()
        }
    }
}
