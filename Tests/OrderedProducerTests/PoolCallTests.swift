// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1)) struct PoolCallTests {
    /// A call whose function is all that holds the witness.
    private func call(_ ledger: Ledger, _ ends: Locked<(inside: Int, outside: Int)>) -> PoolCall<Void> {
        let witness = HandlerWitness(ledger, ends)
        return PoolCall { withExtendedLifetime(witness) {} }
    }

    /// A cancelled call destroys its function not where it is cancelled, and not under its lock.
    @Test(arguments: [false, true])
    func aCancellationHandlerDestroysNoFunction(isQueued: Bool) async throws {
        let ends = Locked((inside: 0, outside: 0))
        let ledger = Ledger()
        let pool = try WorkerPool(threads: 1)
        let (begun, gate) = (Gate(), Gate())
        let busy = Task {
            try await pool.run {
                begun.open()
                gate.wait()
            }
        }
        await begun.opened()
        let call = call(ledger, ends)
        let waiting = Task.immediate {
            guard isQueued else { return }
            await #expect(throws: CancellationError.self) {
                try await withCheckedThrowingContinuation { call.start(on: pool.core, $0) }
            }
        }
        let cancelling = Task.immediate {
            await withTaskCancellationHandler {
                await gate.opened()
            } onCancel: {
                call.cancel()
            }
        }
        Handler.cancel(cancelling)
        await waiting.value
        #expect(ledger.live == 1)
        call.drop()
        #expect(ledger.live == 0)
        #expect(ends.withLock { $0 } == (0, 1))
        gate.open()
        try await busy.value
        await cancelling.value
        await pool.shutdown()
    }

    @Test func aFunctionThatRunsIsNotDropped() async throws {
        let pool = try WorkerPool(threads: 1)
        let ledger = Ledger()
        let call = call(ledger, Locked((inside: 0, outside: 0)))
        try await withCheckedThrowingContinuation { call.start(on: pool.core, $0) }
        call.cancel()
        call.drop()
        await ledger.drained()
        await pool.shutdown()
    }
}
