// SPDX-License-Identifier: Apache-2.0
#if NIO
    import Foundation
    import NIOCore
    import NIOPosix
    import OrderedProducer

    /// A value behind a lock that ThreadSanitizer sees.
    final class Guarded<Value>: @unchecked Sendable {
        private let lock = NSLock()
        private var value: Value

        init(_ value: sending Value) { self.value = value }

        func with<Result>(_ body: (inout Value) throws -> sending Result) rethrows -> sending Result {
            lock.lock()
            defer { lock.unlock() }
            return try body(&value)
        }
    }

    /// An event that happens once. Threads and tasks may wait for it, before and after; a cancelled task waits no more,
    /// so that a test whose time is over comes to its end.
    final class Gate: Sendable {
        private let signal = EndSignal()
        private let semaphore = DispatchSemaphore(value: 0)

        var isOpen: Bool { signal.hasFired }

        func open() {
            signal.fire()
            semaphore.signal()
        }

        /// Blocks: for item functions, and for the loop where a test holds it.
        func wait() {
            semaphore.wait()
            semaphore.signal()
        }

        func opened() async { await signal.wait() }
    }

    /// What happened, in order; a test may wait until enough has.
    final class Log<Entry: Sendable>: Sendable {
        private struct State {
            var entries: [Entry] = []
            var waiting: [(condition: ([Entry]) -> Bool, fulfilled: EndSignal)] = []
        }

        private let state = Guarded(State())

        var entries: [Entry] { state.with { $0.entries } }

        func add(_ entry: Entry) {
            let fulfilled = state.with { state in
                state.entries.append(entry)
                let entries = state.entries
                let fulfilled = state.waiting.filter { $0.condition(entries) }.map(\.fulfilled)
                state.waiting.removeAll { $0.condition(entries) }
                return fulfilled
            }
            for signal in fulfilled { signal.fire() }
        }

        /// The entries as soon as `condition` holds for them, or the task is cancelled.
        @discardableResult
        func until(_ condition: @escaping @Sendable ([Entry]) -> Bool) async -> [Entry] {
            let fulfilled = EndSignal()
            state.with { state in
                if condition(state.entries) { fulfilled.fire() } else { state.waiting.append((condition, fulfilled)) }
            }
            await fulfilled.wait()
            return entries
        }

        @discardableResult
        func count(_ count: Int) async -> [Entry] {
            await until { $0.count >= count }
        }
    }

    /// Counts the tokens that live.
    final class Ledger: Sendable {
        private let log = Log<Int>()

        func add(_ change: Int) { log.add(change) }

        var live: Int { log.entries.reduce(0, +) }

        /// Returns when no token lives: some go with a task or a thread that is just ending.
        func drained() async {
            await log.until { $0.reduce(0, +) == 0 }
        }
    }

    /// Something whose life is counted.
    final class Token: Sendable {
        let value: Int
        private let ledger: Ledger

        init(_ value: Int, _ ledger: Ledger) {
            self.value = value
            self.ledger = ledger
            ledger.add(1)
        }

        deinit { ledger.add(-1) }
    }

    struct TestError: Error, Equatable {
        var value: Int
    }

    /// One event loop with a thread of its own, for the time of `body`.
    func withLoop<Result: Sendable>(
        _ body: (any EventLoop) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let result = try await body(group.next())
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Keeps the loop from doing anything; returns once it does nothing. The loop goes on when `until` opens.
    func hold(_ loop: any EventLoop, until gate: Gate) async {
        let held = Gate()
        loop.execute {
            held.open()
            gate.wait()
        }
        await held.opened()
    }

    /// SplitMix64: the same sequence everywhere for a seed.
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
#endif
