// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import OrderedProducer

@Suite(.endsWithin(minutes: 1))
struct ItemTasksTests {
    /// A task that ends when it is cancelled.
    private static func start(_ sequence: UInt64, in tasks: ItemTasks) -> Task<Void, Never> {
        let cancelled = Gate()
        return tasks.start(sequence) {
            await withTaskCancellationHandler {
                await cancelled.opened()
            } onCancel: {
                cancelled.open()
            }
        }
    }

    @Test func onlyWhatIsNotWantedIsCancelled() async {
        let tasks = ItemTasks()
        tasks.cancelUnwanted()
        let started = (0..<10 as Range<UInt64>).map { Self.start($0, in: tasks) }
        tasks.cancel(from: 7)
        for task in started[7...] { await task.value }
        #expect(started.map(\.isCancelled) == (0..<10).map { $0 >= 7 })
        tasks.cancel(from: 8)
        let late = Self.start(11, in: tasks)
        await late.value
        #expect(!started[6].isCancelled)
        tasks.cancel(from: 0)
        for task in started { await task.value }
    }

    @Test func nothingIsCancelledWhereTheyMayBeOutlived() async {
        let tasks = ItemTasks()
        let begun = Gate()
        let task = tasks.start(0) { await begun.opened() }
        tasks.cancel(from: 0)
        begun.open()
        await task.value
        #expect(!task.isCancelled)
    }

    /// Each failure costs as much as it cancels, however many are running: else the time limit is over first.
    @Test func fiftyThousandItemsMayFailTheLastFirst() async {
        let count: UInt64 = 50_000
        let tasks = ItemTasks()
        tasks.cancelUnwanted()
        let started = (0..<count).map { Self.start($0, in: tasks) }
        for sequence in (0..<count).reversed() where !Task.isCancelled { tasks.cancel(from: sequence) }
        tasks.cancel(from: 0)
        for task in started { await task.value }
    }
}
