// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct BufferPoolTests {
    @Test func buffersAreUsedAgainAndComeEmpty() throws {
        let pool = BufferPool(capacity: 64)
        let first = try pool.take()
        let second = try pool.take()
        first.count = 3
        pool.recycle(first)
        let third = try pool.take()
        #expect(third === first && third !== second)
        #expect(third.count == 0)
        #expect(pool.allocated == 2)
    }

    @Test func memoryThatCannotBeHadIsAFailure() {
        #expect(throws: Failure.self) { _ = try BufferPool(capacity: 1 << 62).take() }
    }
}
