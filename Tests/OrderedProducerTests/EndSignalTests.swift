// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
struct EndSignalTests {
    @Test func waitingEndsWithTheSignal() async {
        let signal = EndSignal()
        let waiting = Task.immediate { await signal.wait() }
        #expect(!signal.hasFired)
        signal.fire()
        await waiting.value
        #expect(signal.hasFired)
        await signal.wait()
    }

    @Test func waitingEndsWithTheTask() async {
        let signal = EndSignal()
        let waiting = Task.immediate { await signal.wait() }
        waiting.cancel()
        await waiting.value
        #expect(!signal.hasFired)
        await Task.immediate {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            await signal.wait()
        }.value
        #expect(!signal.hasFired)
    }

    /// One task waits for the end on behalf of all: those who gave up leave nothing behind.
    @Test func thoseWhoWaitForTheEndShareASignal() async throws {
        let producer = try OrderedItemProducer<Int, Void>()
        var signals = Set<ObjectIdentifier>()
        for _ in 0..<3 {
            let waiting = Task.immediate { await producer.delivery.waitForEnd() }
            waiting.cancel()
            await waiting.value
            signals.insert(ObjectIdentifier(try #require(producer.delivery.endSignal.withLock { $0 })))
        }
        #expect(signals.count == 1)
        _ = try await producer.stop()
    }

    /// Each costs the same, however many wait already: else the time limit is over before they do.
    @Test(arguments: [false, true])
    func fiftyThousandTasksMayWait(byCancellation: Bool) async {
        let signal = EndSignal()
        var waiting: [Task<Void, Never>] = []
        while waiting.count < 50_000, !Task.isCancelled {
            waiting.append(Task.immediate { await signal.wait() })
        }
        if byCancellation {
            for task in waiting where !Task.isCancelled { task.cancel() }
        }
        signal.fire()
        for task in waiting { await task.value }
    }
}
