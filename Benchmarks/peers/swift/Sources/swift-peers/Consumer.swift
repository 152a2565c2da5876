// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation

/// A thread that takes all results of a pass out of a ring, in order, and makes room in the window for each.
struct Consumer {
    private let finished = DispatchSemaphore(value: 0)

    init(_ receiver: Receiver, ring: ReorderRing, room: DispatchSemaphore) {
        let finished = finished
        Thread.detachNewThread {
            var head = 0
            while head < receiver.job.items {
                let first = head
                repeat {
                    receiver.receive(ring.take(at: head))
                    head += 1
                } while head < receiver.job.items && ring.holds(head)
                for _ in first..<head { room.signal() }
            }
            finished.signal()
        }
    }

    /// Returns when the last result has been received.
    func wait() { finished.wait() }
}
