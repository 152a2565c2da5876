// SPDX-License-Identifier: Apache-2.0

/// A closure in a slot.
///
/// The struct keeps it in the form in which it was passed: stored through a pointer to the bare function type it would
/// be wrapped in a reabstraction thunk, an allocation per item. It is not copyable, so that calling the closure takes
/// no reference to what it captures, which another thread wrote.
@usableFromInline
struct ItemCall<Item>: ~Copyable {
    @usableFromInline let make: @Sendable () throws -> Item

    @inlinable
    init(make: consuming @escaping @Sendable () throws -> Item) {
        self.make = make
    }
}
