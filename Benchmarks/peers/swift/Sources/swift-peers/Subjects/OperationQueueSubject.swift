// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation

/// The same as with Dispatch, but the queue is Foundation's, whose width can be set.
struct OperationQueueSubject: Subject {
    static let name = "swift-operationqueue"
    static let summary = "Foundation's OperationQueue, reorder ring"

    private let queue = OperationQueue()

    init(_ job: Job) {
        queue.maxConcurrentOperationCount = job.workers
    }

    func pass(_ receiver: Receiver) {
        let job = receiver.job
        let room = DispatchSemaphore(value: job.window)
        let ring = ReorderRing(window: job.window)
        let consumer = Consumer(receiver, ring: ring, room: room)
        receiver.begin()
        for index in 0..<job.items {
            receiver.pace(index)
            room.wait()
            queue.addOperation { ring.put(job.item(index), at: index) }
        }
        consumer.wait()
    }
}
