// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
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

    /// As on the core's own threads: a handler of the program's runs on one of the program's threads.
    @Test func signalsAreBlockedUnlessTheThreadBringsThemUponItself() async throws {
        let status = await withCheckedContinuation { continuation in
            let result = ThreadJob.runOnOwnThread {
                continuation.resume(returning: try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8))
            }
            #expect(result == 0)
        }
        let line = try #require(status?.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
        let blocked = try #require(UInt64(line.dropFirst("SigBlk:".count).drop { $0.isWhitespace }, radix: 16))
        func isBlocked(_ signal: Int32) -> Bool { blocked & 1 << UInt64(signal - 1) != 0 }
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPROF, SIGUSR1] { #expect(isBlocked(signal)) }
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS] { #expect(!isBlocked(signal)) }
    }

    /// Nobody joins it, so the system takes back what is the thread's at its end.
    @Test func theThreadIsDetached() async {
        let started = Gate()
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Int32, Never>) in
            let result = ThreadJob.runOnOwnThread {
                started.wait()
                continuation.resume(returning: pthread_detach(pthread_self()))
            }
            #expect(result == 0)
            started.open()
        }
        #expect(result == EINVAL)  // since it is detached already
    }
}
