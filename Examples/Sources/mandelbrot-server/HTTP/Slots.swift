// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOConcurrencyHelpers

    /// How many images may be on their way at once.
    final class Slots: Sendable {
        private let free: NIOLockedValueBox<Int>

        init(_ count: Int) { free = NIOLockedValueBox(count) }

        /// Nil where all are taken.
        func take() -> Slot? {
            let taken = free.withLockedValue { free in
                guard free > 0 else { return false }
                free -= 1
                return true
            }
            return taken ? Slot(of: self) : nil
        }

        fileprivate func giveBack() {
            free.withLockedValue { $0 += 1 }
        }
    }

    /// One image's place, until it is released or dropped.
    final class Slot: Sendable {
        private let slots: NIOLockedValueBox<Slots?>

        fileprivate init(of slots: Slots) { self.slots = NIOLockedValueBox(slots) }

        deinit { release() }

        func release() {
            slots.withLockedValue { $0.take() }?.giveBack()
        }
    }
#endif
