// SPDX-License-Identifier: Apache-2.0
#if Server
    import Synchronization

    /// How many images may be on their way at once.
    final class Slots: Sendable {
        private let free: Mutex<Int>

        init(_ count: Int) { free = Mutex(count) }

        /// Nil where all are taken.
        func take() -> Slot? {
            let taken = free.withLock { free in
                guard free > 0 else { return false }
                free -= 1
                return true
            }
            return taken ? Slot(of: self) : nil
        }

        fileprivate func giveBack() {
            free.withLock { $0 += 1 }
        }
    }

    /// One image's place, until it is released or dropped.
    final class Slot: Sendable {
        private let slots: Mutex<Slots?>

        fileprivate init(of slots: Slots) { self.slots = Mutex(slots) }

        deinit { release() }

        func release() {
            slots.withLock { $0.take() }?.giveBack()
        }
    }
#endif
