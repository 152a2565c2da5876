// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1)) struct CoreConfigurationTests {
    @Test(
        arguments: [
            (.nanoseconds(1), 1),
            (Duration(secondsComponent: 0, attosecondsComponent: 1), 1),  // 0 would be the default there
            (Duration(secondsComponent: 2, attosecondsComponent: 3_999_999_999), 2_000_000_003),
            (.seconds((1 << 33) - 1), 8_589_934_591_000_000_000),
            (.seconds(1 << 33), .max),  // there is none
            (.seconds(Int64.max), .max),
        ] as [(Duration, UInt64)])
    func deadlinesAreNanosecondsOfTheCore(deadline: Duration, nanoseconds: UInt64) throws {
        #expect(try CoreConfiguration.nanoseconds(of: deadline) == nanoseconds)
    }

    @Test(arguments: [Duration.zero, .nanoseconds(-1), .seconds(-5)])
    func aDeadlineIsMoreThanZero(deadline: Duration) {
        #expect(throws: ProducerError.self) { try CoreConfiguration.nanoseconds(of: deadline) }
    }
}
