// SPDX-License-Identifier: Apache-2.0
import OrderedProducer

/// A program over the whole public interface: all of it follows from a seed, and is drawn before anything runs.
struct Program: Sendable {
    enum Consumer: CaseIterable { case thread, blockingThread, sink, sequence, nobody }

    /// What the consumer does with its `mark`-th item, before it goes on or not.
    enum Turn: CaseIterable { case nothing, leave, fail, stopProducing, stop, produce, pause }

    enum End: CaseIterable {
        case stop, stopBlocking, stopWhileAsked, finish, stopTwice, stopProducing, shutdown, drop

        static let drawn = allCases.filter { $0 != .finish }
    }

    /// What an item does besides being made.
    enum Deed { case nothing, tryProduce, produceBlocking, stopProducing, stop }

    struct Item: Sendable {
        var value: Int
        var fails: Bool
        var work: Int
        var deed: Deed
        /// Of its own.
        var deadline: Deadline?
        /// Whether it never ends before it was overtaken, or production is over.
        var hangs = false
    }

    /// One call: a single item, or several where the way is one of those that take several.
    struct Ask<Way: AskingWay>: Sendable {
        var way: Way
        var items: [Item]
        var isCancelled: Bool
    }

    /// Each caller's calls, to a producer of the kind that has these ways.
    enum Callers: Sendable {
        case items([[Ask<ItemWay>]])
        case transform([[Ask<TransformWay>]])

        var asks: [[any CustomStringConvertible]] {
            switch self {
            case .items(let asks): asks
            case .transform(let asks): asks
            }
        }

        var count: Int { asks.count }
    }

    enum Step { case pause, resume, resize(Int), look, yield }

    let seed: UInt64
    var configuration = ProducerConfiguration()
    var deadlines: Deadlines?
    var threads = 1
    var consumer = Consumer.nobody
    var turn = Turn.nothing
    var mark = 0
    var attachesFirst = false
    var callers = Callers.items([])
    var before: [Step] = []
    var after: [Step] = []
    var end = End.stop
}

extension Program {
    init(seed: UInt64) {
        self.seed = seed
        var dice = SeededGenerator(seed: seed)
        configuration.window = [1, 2, 3, 5, 8, 16, 64].randomElement(using: &dice)!
        configuration.onFailure = [.endInOrder, .failFast, .skip].randomElement(using: &dice)!
        configuration.assists = Int.random(in: 0..<3, using: &dice) > 0
        configuration.wait = [.adaptive, .park].randomElement(using: &dice)!
        if Bool.random(using: &dice) { configuration.width = .random(in: 1...3, using: &dice) }
        threads = .random(in: 1...4, using: &dice)
        drawDeadlines(&dice)
        let isTransform = Bool.random(using: &dice)
        consumer = Consumer.allCases.randomElement(using: &dice)!
        end = End.drawn.randomElement(using: &dice)!
        // Nobody makes room then: those who wait for it go home as production ends, and not before.
        if consumer == .nobody, end != .stopProducing { end = .stopWhileAsked }
        if Bool.random(using: &dice) { turn = Turn.allCases.randomElement(using: &dice)! }
        attachesFirst = Bool.random(using: &dice)
        callers = isTransform ? .transform(drawCallers(&dice)) : .items(drawCallers(&dice))
        mark = .random(in: 0...callers.asks.joined().count, using: &dice)
        before = Self.steps(&dice)
        after = Self.steps(&dice)
        // Last, so that no older seed draws anything else.
        if end == .stopWhileAsked, Bool.random(using: &dice) { end = .finish }
    }

    private func drawCallers<Way: AskingWay>(_ dice: inout SeededGenerator) -> [[Ask<Way>]] {
        let ways = Way.allCases
        let only = Int.random(in: 0..<3, using: &dice) == 0 ? ways.randomElement(using: &dice) : nil
        let failures = [0, 0, 3, 12, 40].randomElement(using: &dice)!
        let deeds = Int.random(in: 0..<3, using: &dice) == 0
        return (0..<Int.random(in: 1...4, using: &dice)).map { caller in
            var asks: [Ask<Way>] = []
            var value = caller * 1000
            for _ in 0..<Int.random(in: 0...50, using: &dice) {
                let way = only ?? ways.randomElement(using: &dice)!
                let count = way.takesSeveral ? Int.random(in: 1...6, using: &dice) : 1
                let items = (value..<value + count).map { value in
                    var item = Item(
                        value: value, fails: failures > 0 && Int.random(in: 0..<failures, using: &dice) == 0,
                        work: .random(in: 0...3, using: &dice), deed: deeds ? Self.deed(&dice) : .nothing)
                    drawDeadline(of: &item, way, &dice)
                    return item
                }
                value += count
                // How many of several were accepted, a cancelled call does not tell.
                let isCancelled = way.suspends && !way.takesSeveral && Int.random(in: 0..<8, using: &dice) == 0
                asks.append(Ask(way: way, items: items, isCancelled: isCancelled))
            }
            return asks
        }
    }

    private static func deed(_ dice: inout SeededGenerator) -> Deed {
        switch Int.random(in: 0..<60, using: &dice) {
        case 0..<6: .tryProduce
        case 6..<12: .produceBlocking
        case 12..<14: .stop
        case 14: .stopProducing
        default: .nothing
        }
    }

    private static func steps(_ dice: inout SeededGenerator) -> [Step] {
        (0..<Int.random(in: 0..<8, using: &dice)).map { _ in
            switch Int.random(in: 0..<8, using: &dice) {
            case 0: .pause
            case 1: .resume
            case 2: .resize(.random(in: 1...5, using: &dice))
            case 3: .look
            default: .yield
            }
        }
    }
}

extension Program: CustomStringConvertible {
    /// Every operation, so that a failing program can be read, or written again by hand.
    var description: String {
        var lines = ["PROGRAM_SEED=\(seed)"]
        lines.append(
            "window \(configuration.window), width \(configuration.width.map(String.init) ?? "any"), "
                + "\(configuration.onFailure), assists \(configuration.assists), \(configuration.wait), "
                + "\(threads) threads, \(callers.kind)")
        if let deadlines { lines.append("\(deadlines)") }
        lines.append("consumer \(consumer), attached \(attachesFirst ? "first" : "later"), \(turn) at \(mark)")
        for (number, asks) in callers.asks.enumerated() {
            lines.append("caller \(number): \(asks.map(\.description).joined(separator: ", "))")
        }
        lines.append("steps \(before), attach, \(after); end \(end)")
        return lines.joined(separator: "\n")
    }
}

extension Program.Callers {
    fileprivate var kind: String {
        switch self {
        case .items: "items"
        case .transform: "transform"
        }
    }
}

extension Program.Ask: CustomStringConvertible {
    var description: String {
        let items = items.map { item in
            "\(item.value)\(item.fails ? "!" : "")\(item.hangs ? "…" : "")"
                + "\(item.deadline.map { " [\($0)]" } ?? "")\(item.deed == .nothing ? "" : " (\(item.deed))")"
        }
        return "\(way) \(items.joined(separator: " "))\(isCancelled ? ", cancelled" : "")"
    }
}
