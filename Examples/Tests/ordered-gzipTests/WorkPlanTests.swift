// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ordered_gzip

@Suite(.endsWithin(minutes: 5)) struct WorkPlanTests {
    @Test(arguments: [Int.min, -1, 0, 4001, 1_000_000_000, Int.max]) func threadsOutOfRange(threads: Int) {
        let error = #expect(throws: WorkPlan.Impossible.self) {
            try WorkPlan(threads: threads, blockKiB: 512, level: .standard)
        }
        #expect(error?.description == "-p \(threads): the number of threads must be from 1 to 4000")
    }

    @Test(arguments: [Int.min, -1, 0, 1_048_577, 1_000_000_000, Int.max]) func blocksOutOfRange(blockKiB: Int) {
        let error = #expect(throws: WorkPlan.Impossible.self) {
            try WorkPlan(threads: 2, blockKiB: blockKiB, level: .standard)
        }
        #expect(error?.description == "-b \(blockKiB): the block size must be from 1 to 1048576 KiB")
    }

    @Test func moreMemoryThanThereIs() {
        let error = #expect(throws: WorkPlan.Impossible.self) {
            try WorkPlan(threads: 4000, blockKiB: 1_048_576, level: .standard)
        }
        #expect(error?.description.contains("MiB of memory") == true)
    }

    @Test func standardPlanIsSmall() throws {
        let plan = try WorkPlan(threads: 2, blockKiB: OrderedGzip.parse([]).blockKiB, level: .standard)
        #expect(plan.memory <= 16 << 20)
    }
}
