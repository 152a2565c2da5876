// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ordered_bench

/// Peers that do not do what they should, played by a shell.
@Suite(.endsWithin(minutes: 1))
struct ChildTests {
    private let job = Job(items: 3, steps: 0, workers: 1, window: 1)

    private func once(_ script: String, patience: Int = 10) throws -> Measurer.Answer {
        let peer = Participant(
            name: "peer", summary: "", command: ["sh", "-c", script, "peer"], isPeer: true, kinds: [.trivial])
        return try Measurer(patience: patience).once(peer, job, expected: 0xabc)
    }

    private func line(checksum: String = "abc", received: Int = 3) -> String {
        #"echo '{"subject":"peer","seconds":0.5,"checksum":"\#(checksum)","received":\#(received),"cpuSeconds":null}'"#
    }

    @Test func aMeasurementIsRead() throws {
        let answer = try once("echo chatter; " + line())
        #expect(answer.result.seconds == 0.5)
        #expect(answer.result.cpuSeconds == nil)
    }

    @Test func wrongResultsAreRefused() {
        #expect(throws: BenchError.missing(received: 2, of: 3)) { try once(line(received: 2)) }
        #expect(throws: BenchError.self) { try once(line(checksum: "abd")) }
        #expect(throws: BenchError.self) { try once("echo nothing") }
    }

    @Test func aFailureSaysWhatThePeerSaid() {
        #expect(throws: BenchError.child("status 3: out of order")) { try once("echo 'out of order' >&2; exit 3") }
        #expect(throws: BenchError.child("signal 9")) { try once("kill -KILL $$") }
    }

    @Test func aPeerThatHangsIsKilledWithItsChildren() {
        let start = ContinuousClock.now
        #expect(throws: BenchError.timeOut(seconds: 1)) { try once("sleep 30 & sleep 30", patience: 1) }
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
