// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.timeLimit(.minutes(1)))
struct ThreadJobTests {
    /// The pauses between the tries must be some: in a cancelled task there are none.
    @Test func triesInACancelledTaskDoNotSpin() async {
        let events = Locked<[String]>([])
        let ran = Gate()
        await Task.immediate {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            await ThreadJob.runOnOwnThreadInTheEnd {
                ran.open()
            } start: { body in
                let tries = events.withLock { events in
                    events.append("try")
                    return events.count { $0 == "try" }
                }
                return tries > 3 ? ThreadJob.runOnOwnThread(body) : 11
            } pause: {
                events.withLock { $0.append(Task.isCancelled ? "none" : "pause") }
            }
        }.value
        await ran.opened()
        #expect(events.withLock { $0 } == ["try", "pause", "try", "pause", "try", "pause", "try"])
    }
}
