// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

/// The `context` of one producer in the core: how its items are run and destroyed.
///
/// The core's callbacks cannot be generic, and a method of a generic class is not specialised when it is called through
/// them: closures are, since they are made in an inlinable initialiser, in the module that knows the types.
@safe @usableFromInline
final class ItemHooks: Sendable {
    /// Turns the input in a slot into the item, in place; 0, or the code of the failure.
    @usableFromInline typealias Run = @Sendable (_ payload: UnsafeMutableRawPointer, _ sequence: UInt64) -> Int32
    /// Destroys what is in a slot: the item where the flag is set, else the input.
    @usableFromInline typealias Discard = @Sendable (_ payload: UnsafeMutableRawPointer, _ isOutput: Bool) -> Void

    let run: Run
    let discard: Discard
    /// `nil`: the items have no deadlines.
    let deadlines: DeadlineHooks?

    /// What the core may call back into as long as it may call anything, that is until it releases these hooks.
    private let kept = Locked<[any AnyObject & Sendable]>([])

    @usableFromInline
    init(run: @escaping Run, discard: @escaping Discard, deadlines: DeadlineHooks?) {
        unsafe self.run = run
        unsafe self.discard = discard
        self.deadlines = deadlines
    }

    func keep(_ object: any AnyObject & Sendable) {
        kept.withLock { $0.append(object) }
    }

    // The hooks are alive in every callback (the core releases them last), so the callbacks borrow them: a retain here
    // would be an atomic write per item to a line that all threads share.

    static let runCallback: oip_run_function = { context, payload, sequence in
        unsafe Unmanaged<ItemHooks>.fromOpaque(context!)._withUnsafeGuaranteedRef { hooks in
            unsafe hooks.run(payload!, sequence)
        }
    }

    static let discardCallback: oip_discard_function = { context, payload, state in
        unsafe Unmanaged<ItemHooks>.fromOpaque(context!)._withUnsafeGuaranteedRef { hooks in
            unsafe hooks.discard(payload!, state == OIP_PAYLOAD_OUTPUT)
        }
    }

    /// A thread that is inside a task runs no items for others: they would see its task-local values and its
    /// cancellation.
    static let mayHelpCallback: @convention(c) (UnsafeMutableRawPointer?) -> Bool = { _ in
        unsafe withUnsafeCurrentTask { unsafe $0 == nil }
    }

    static let releaseCallback: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        unsafe Unmanaged<ItemHooks>.fromOpaque(context!).release()
    }
}
