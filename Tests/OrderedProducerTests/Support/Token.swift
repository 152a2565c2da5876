// SPDX-License-Identifier: Apache-2.0
import Testing

/// Counts how many tokens live, and which items were begun.
final class Ledger: Sendable {
    private struct Count {
        var live = 0
        var born = 0
        var begun: [Int] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let count = Locked(Count())

    func add() {
        count.withLock {
            $0.live += 1
            $0.born += 1
        }
    }

    func remove() {
        let waiting = count.withLock { count -> [CheckedContinuation<Void, Never>] in
            count.live -= 1
            guard count.live == 0 else { return [] }
            defer { count.waiting = [] }
            return count.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func begin(_ value: Int) { count.withLock { $0.begun.append(value) } }

    /// Values whose item function was called, in ascending order.
    var begun: [Int] { count.withLock { $0.begun.sorted() } }

    var live: Int { count.withLock { $0.live } }
    var born: Int { count.withLock { $0.born } }

    /// Returns when no token lives: some go with a task or a thread that is just ending.
    func drained() async {
        await withCheckedContinuation { continuation in
            let isDrained = count.withLock { count -> Bool in
                if count.live > 0 { count.waiting.append(continuation) }
                return count.live == 0
            }
            if isDrained { continuation.resume() }
        }
    }
}

/// Runs `body`, and returns when no token lives that it made.
func withLedger(_ body: (Ledger) async throws -> Void) async rethrows {
    let ledger = Ledger()
    try await body(ledger)
    await ledger.drained()
}

/// A payload whose life is counted: too few destructions show in the ledger, too many in a crash.
final class Token: Sendable {
    let value: Int
    private let ledger: Ledger

    init(_ value: Int, _ ledger: Ledger) {
        self.value = value
        self.ledger = ledger
        ledger.add()
    }

    deinit { ledger.remove() }
}

struct TestError: Error, Equatable {
    var value: Int
}

/// What one item does, blocking or as a task: waits for its gate, then throws or makes a token.
struct Make: Sendable {
    let value: Int
    let ledger: Ledger
    /// Stands for what a closure captures, or for an input.
    let input: Token
    var gate: Gate?
    var begun: Gate?
    var made: Countdown?
    var fails = false
    /// Of its own, where the way it is asked in takes one.
    var deadline: Duration?
    var substitute: (@Sendable (UInt64) throws -> Token?)?
    var inside: @Sendable () throws -> Void = {}

    init(_ value: Int, _ ledger: Ledger) {
        self.value = value
        self.ledger = ledger
        input = Token(value, ledger)
    }

    func run() throws -> Token {
        ledger.begin(value)
        begun?.open()
        gate?.wait()
        return try finish()
    }

    func runAsTask() async throws -> Token {
        ledger.begin(value)
        begun?.open()
        await gate?.opened()
        return try finish()
    }

    private func finish() throws -> Token {
        defer { made?.signal() }
        try inside()
        if fails { throw TestError(value: value) }
        return Token(value, ledger)
    }
}

/// SplitMix64: small, and the same sequence everywhere for a seed that a failing test prints.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
