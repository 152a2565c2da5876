// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The buffers of a run, used again and again.
///
/// All have the same capacity, so that a raw block's buffer serves a compressed block next. How many there are is
/// bounded by who can hold one: see `WorkPlan.buffers`.
final class BufferPool: Sendable {
    private struct State {
        var free: [BlockBuffer] = []
        var allocated = 0
    }

    let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    /// How many buffers were ever allocated.
    var allocated: Int { state.withLock { $0.allocated } }

    /// A buffer with nothing in it.
    func take() throws -> BlockBuffer {
        if let buffer = state.withLock({ $0.free.popLast() }) { return buffer }
        guard let buffer = BlockBuffer(capacity: capacity) else {
            throw Failure(subject: "memory", cause: "cannot allocate \(capacity) bytes for a block")
        }
        state.withLock { $0.allocated += 1 }
        return buffer
    }

    func recycle(_ buffer: BlockBuffer) {
        buffer.count = 0
        state.withLock { $0.free.append(buffer) }
    }
}
