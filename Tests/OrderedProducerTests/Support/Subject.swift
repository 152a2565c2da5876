// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// A producer of either kind whose items are tokens: what both have is tested once.
protocol Subject: PushProducer, AnyObject {
    associatedtype Way: AskingWay

    static func make(
        pool: WorkerPool, configuration: ProducerConfiguration, substitute: (@Sendable (UInt64) throws -> Token?)?
    ) throws -> Self

    /// Asks in this way, for the first alone where the way does not take several.
    func ask(_ way: Way, _ makes: [Make]) async throws -> Reply
    func askBlocking(_ make: Make) throws -> Reply
    func askWithoutWaiting(_ make: Make) throws -> Reply

    func start(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) async throws
    func startBlocking(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) throws
    func start(onItem: @escaping @Sendable (Token) throws -> Void) throws
    func items() throws -> AsyncOrderedItems<Token>
    func finish()
    func stop() async throws -> Int?
    func stopBlocking() throws -> Int?
    var statistics: ProducerStatistics { get }
}

extension Subject {
    static func make(pool: WorkerPool, configuration: ProducerConfiguration) throws -> Self {
        try make(pool: pool, configuration: configuration, substitute: nil)
    }
}

/// What a call said, in whichever way it was made.
enum Reply: Sendable {
    /// How many were accepted, with the sequence and the handle where the way tells one.
    case accepted(Int, sequence: UInt64?, tracked: TrackedItem<Token>?)
    case full
    case ended

    fileprivate init(_ sequence: UInt64?, tracked: TrackedItem<Token>? = nil) {
        self = sequence == nil ? .ended : .accepted(1, sequence: sequence, tracked: tracked)
    }

    fileprivate init(_ admission: Admission) {
        switch admission {
        case .accepted(let sequence): self = .accepted(1, sequence: sequence, tracked: nil)
        case .full: self = .full
        case .ended: self = .ended
        }
    }

    fileprivate init(count: Int, of makes: [Make]) {
        self = count == 0 && !makes.isEmpty ? .ended : .accepted(count, sequence: nil, tracked: nil)
    }
}

typealias TokenProducer = OrderedItemProducer<Token, Int>
typealias TokenTransform = OrderedTransform<Make, Token, Int>

extension OrderedItemProducer: Subject where Item == Token, Output == Int {
    static func make(
        pool: WorkerPool, configuration: ProducerConfiguration, substitute: (@Sendable (UInt64) throws -> Token?)?
    ) throws -> Self {
        guard let substitute else { return try Self(pool: pool, configuration: configuration) }
        return try Self(pool: pool, configuration: configuration, substitute: substitute)
    }

    func ask(_ way: ItemWay, _ makes: [Make]) async throws -> Reply {
        let make = makes[0]
        switch way {
        case .blocking: return try await onThread { try self.askBlocking(make) }
        case .suspending:
            guard let deadline = make.deadline else { return Reply(try await produceItem { try make.run() }) }
            return Reply(
                try await produceItem(within: deadline, substitute: make.substitute) { () throws in try make.run() })
        case .asTask:
            guard let deadline = make.deadline else {
                return Reply(try await produceItem { try await make.runAsTask() })
            }
            return Reply(
                try await produceItem(within: deadline, substitute: make.substitute) { try await make.runAsTask() })
        case .trying: return try askWithoutWaiting(make)
        case .tracked:
            let tracked = try await produceTrackedItem { try make.run() }
            return Reply(tracked?.sequence, tracked: tracked)
        }
    }

    func askBlocking(_ make: Make) throws -> Reply {
        guard let deadline = make.deadline else { return Reply(try produceItem { try make.run() }) }
        return Reply(try produceItem(within: deadline, substitute: make.substitute) { try make.run() })
    }

    func askWithoutWaiting(_ make: Make) throws -> Reply { Reply(try tryProduceItem { try make.run() }) }

    func startBlocking(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) throws {
        try start(consume)
    }

    func stopBlocking() throws -> Int? { try stop() }
}

extension OrderedTransform: Subject where Input == Make, Item == Token, Output == Int {
    static func make(
        pool: WorkerPool, configuration: ProducerConfiguration, substitute: (@Sendable (UInt64) throws -> Token?)?
    ) throws -> Self {
        guard let substitute else { return try Self(pool: pool, configuration: configuration) { try $0.run() } }
        return try Self(pool: pool, configuration: configuration, substitute: substitute) { try $0.run() }
    }

    func ask(_ way: TransformWay, _ makes: [Make]) async throws -> Reply {
        let make = makes[0]
        switch way {
        case .blocking: return try await onThread { try self.askBlocking(make) }
        case .suspending: return Reply(try await produce(make))
        case .trying: return try askWithoutWaiting(make)
        case .contents: return Reply(count: try await produce(contentsOf: makes), of: makes)
        case .contentsBlocking:
            return Reply(count: try await onThread { try self.produce(contentsOf: makes) }, of: makes)
        }
    }

    func askBlocking(_ make: Make) throws -> Reply { Reply(try produce(make)) }
    func askWithoutWaiting(_ make: Make) throws -> Reply { Reply(try tryProduce(make)) }

    func startBlocking(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) throws {
        try start(consume)
    }

    func stopBlocking() throws -> Int? { try stop() }
}
