// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import NIOCore
internal import NIOPosix

/// A thread pool that hands each result to an event loop, which is also the consumer: what arrives early waits in a
/// ring that only the loop touches. Futures would cost the loop a second task for an item, because a callback that is
/// added from outside of the loop is added by the loop.
struct NIOThreadPoolSubject: Subject {
    static let name = "swift-niothreadpool"
    static let summary = "SwiftNIO: NIOThreadPool, results put in order on an event loop"

    private let pool: NIOThreadPool
    private let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()

    init(_ job: Job) {
        pool = NIOThreadPool(numberOfThreads: job.workers)
        pool.start()
    }

    func pass(_ receiver: Receiver) {
        let job = receiver.job
        let loop = loop
        let room = DispatchSemaphore(value: job.window)
        let consumer = LoopConsumer(receiver, room: room)
        receiver.begin()
        for index in 0..<job.items {
            receiver.pace(index)
            room.wait()
            pool.submit { _ in
                let result = job.item(index)
                loop.execute { consumer.put(result, at: index) }
            }
        }
        consumer.wait()
    }
}

/// Touched by the event loop alone, but for `wait`.
private final class LoopConsumer: @unchecked Sendable {
    private let receiver: Receiver
    private let room: DispatchSemaphore
    private let finished = DispatchSemaphore(value: 0)
    private var waiting: [UInt64?]
    private var head = 0

    init(_ receiver: Receiver, room: DispatchSemaphore) {
        self.receiver = receiver
        self.room = room
        waiting = Array(repeating: nil, count: receiver.job.window)
    }

    func put(_ result: UInt64, at index: Int) {
        waiting[index % waiting.count] = result
        while let result = waiting[head % waiting.count] {
            waiting[head % waiting.count] = nil
            head += 1
            receiver.receive(result)
            room.signal()
        }
        if head == receiver.job.items { finished.signal() }
    }

    func wait() { finished.wait() }
}
