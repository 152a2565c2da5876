// SPDX-License-Identifier: Apache-2.0
import Foundation
import OrderedProducer
import Testing

/// Random programs over the whole public interface: several callers in all ways at once, items that ask for items,
/// every consumer, every ending, pauses and resizes in between; in half of them deadlines, and items that hang, or race
/// theirs.
///
/// PROGRAM_SEED=… prints one program and runs it again, PROGRAMS=… says how many there are.
@Suite(.serialized, .endsWithin(minutes: 1))
struct RandomProgramTests {
    /// Each case is its seed, so a report of any kind names it, one of a hang too.
    private static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["PROGRAM_SEED"].flatMap(UInt64.init) { return [seed] }
        let count = environment["PROGRAMS"].flatMap(Int.init) ?? 600
        return (0..<count).map { _ in UInt64.random(in: .min ... .max) }
    }

    @Test(arguments: seeds)
    func everythingAddsUp(seed: UInt64) async throws {
        let program = Program(seed: seed)
        // Before anything runs: it may be one that hangs.
        if Self.seeds == [seed] { FileHandle.standardError.write(Data("\(program)\n".utf8)) }
        let run = try Run(program)
        let outcome = try await run.execute()
        if program.end == .drop, run.record.snapshot.isAttached, program.consumer != .sink {
            await run.record.consumerEnded.opened()
        }
        run.overtaking.letAllGo()
        await run.record.resolveTracked()
        await run.record.ledger.drained()
        let verdict = Verdict(program, run.record, outcome)
        #expect(verdict.complaints.isEmpty, Comment(rawValue: program.description))
    }
}
