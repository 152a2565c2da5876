// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A time limit that is kept whatever hangs: the test program ends, and says which test it was.
///
/// `.timeLimit` is a task: where the tests that hang block all threads of the concurrency runtime, of which there are
/// as many as processors, it never gets its turn, and the program hangs without a word. Here a thread of its own looks.
struct EndsWithin: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true
    fileprivate let minutes: Int

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let number = RunningTests.shared.began(test.displayName ?? test.name, minutes: minutes)
        defer { RunningTests.shared.ended(number) }
        try await function()
    }
}

extension Trait where Self == EndsWithin {
    /// Each test of the suite ends within so many minutes: a generous bound that only a hang reaches.
    static func endsWithin(minutes: Int) -> Self { Self(minutes: minutes) }
}

/// The test cases that run, and until when they may.
private final class RunningTests: @unchecked Sendable {
    static let shared = RunningTests()

    private let lock = NSLock()
    private var running: [Int: (name: String, minutes: Int, until: ContinuousClock.Instant)] = [:]
    private var count = 0

    private init() {
        Thread.detachNewThread {
            while true {
                Thread.sleep(forTimeInterval: 1)
                Self.shared.endProgramIfOneHangs()
            }
        }
    }

    func began(_ name: String, minutes: Int) -> Int {
        lock.withLock {
            count += 1
            running[count] = (name, minutes, .now + .seconds(60 * minutes))
            return count
        }
    }

    func ended(_ number: Int) {
        lock.withLock { running[number] = nil }
    }

    private func endProgramIfOneHangs() {
        let now = ContinuousClock.now
        let late = lock.withLock { running.values.filter { $0.until <= now } }
        guard !late.isEmpty else { return }
        for test in late {
            FileHandle.standardError.write(
                Data("✘ Test \(test.name) hangs: it has not ended within \(test.minutes) min\n".utf8))
        }
        exit(1)
    }
}
