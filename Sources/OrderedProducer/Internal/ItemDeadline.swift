// SPDX-License-Identifier: Apache-2.0

/// What one item with a deadline brings along for the case that it is overtaken.
///
/// The core keeps a reference until the item is settled, in time or not.
@usableFromInline
final class ItemDeadline<Item: Sendable>: Sendable {
    private enum State {
        case pending
        case told((@Sendable () -> Void)?)
        case overtaken
    }

    /// Makes what takes the item's place; `nil`: the producer's does.
    @usableFromInline let substitute: (@Sendable (UInt64) throws -> Item?)?

    private let state = Locked(State.pending)

    @usableFromInline
    init(_ substitute: (@Sendable (UInt64) throws -> Item?)?) {
        self.substitute = substitute
    }

    /// Has `action` called when the item is overtaken, also where that has happened already. Set once.
    @usableFromInline
    func onOvertaken(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if case .overtaken = state { return true }
            state = .told(action)
            return false
        }
        if isLate { action() }
    }

    @usableFromInline
    func wasOvertaken() {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            defer { state = .overtaken }
            guard case .told(let action) = state else { return nil }
            return action
        }
        action?()
    }

    /// A reference for the core.
    @usableFromInline
    func retained() -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(self).toOpaque()
    }
}
