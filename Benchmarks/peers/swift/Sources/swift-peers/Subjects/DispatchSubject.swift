// SPDX-License-Identifier: Apache-2.0
internal import Dispatch

/// A concurrent queue makes the items, a semaphore is the window, a ring puts the results in order for a thread.
struct DispatchSubject: Subject {
    static let name = "swift-dispatch"
    static let summary = "Dispatch: concurrent queue, reorder ring; as wide as the system has processors"

    private let queue = DispatchQueue(label: "items", attributes: .concurrent)

    init(_ job: Job) {}

    func pass(_ receiver: Receiver) {
        let job = receiver.job
        let room = DispatchSemaphore(value: job.window)
        let ring = ReorderRing(window: job.window)
        let consumer = Consumer(receiver, ring: ring, room: room)
        receiver.begin()
        for index in 0..<job.items {
            receiver.pace(index)
            room.wait()
            queue.async { ring.put(job.item(index), at: index) }
        }
        consumer.wait()
    }
}
