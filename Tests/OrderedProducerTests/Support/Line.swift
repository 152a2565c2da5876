// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// What a call said, of a single item.
enum Answer: Equatable { case accepted, full, ended }

/// One producer of either kind, used in one way.
final class Line: Sendable {
    private let subject: any Subject
    private let ask: @Sendable (Make) async throws -> Reply

    private init<S: Subject>(_ subject: S, _ way: S.Way) {
        self.subject = subject
        ask = { make in try await subject.ask(way, [make]) }
    }

    convenience init(_ way: Way, pool: WorkerPool = .shared, configuration: ProducerConfiguration = .init()) throws {
        switch way {
        case .items(let way): self.init(try TokenProducer.make(pool: pool, configuration: configuration), way)
        case .transform(let way): self.init(try TokenTransform.make(pool: pool, configuration: configuration), way)
        }
    }

    /// Asks for an item in this line's way.
    func produce(_ make: Make) async throws -> Answer {
        switch try await ask(make) {
        case .accepted: .accepted
        case .full: .full
        case .ended: .ended
        }
    }

    /// As ``produce(_:)``, again and again where the way does not wait and the window is full.
    func produce(contended make: Make) async throws -> Answer {
        while true {
            let answer = try await produce(make)
            guard answer == .full else { return answer }
            await Task.yield()
        }
    }

    func start(_ consume: @escaping @Sendable (OrderedItems<Token>) throws -> Int) async throws {
        try await subject.start(consume)
    }

    func start(onItem: @escaping @Sendable (Token) throws -> Void) throws { try subject.start(onItem: onItem) }
    func items() throws -> AsyncOrderedItems<Token> { try subject.items() }
    func finish() { subject.finish() }
    func stop() async throws -> Int? { try await subject.stop() }
    func stopBlocking() throws -> Int? { try subject.stopBlocking() }
    func pause() { subject.pause() }
    func resume() { subject.resume() }
    func stopProducing() { subject.stopProducing() }
    var statistics: ProducerStatistics { subject.statistics }
}
