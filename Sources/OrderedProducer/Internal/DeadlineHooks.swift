// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What the core calls about items of a producer with deadlines, in addition to ``ItemHooks``.
///
/// A failing item leaves its error in its payload: whether the failure counts is known only when the core has settled
/// who was first, the item or its substitute.
@safe @usableFromInline
struct DeadlineHooks: Sendable {
    /// Puts what takes the place of an overtaken item into its slot; 0, ``leaveOut``, or the code of a failure.
    @usableFromInline typealias Substitute =
        @Sendable (_ payload: UnsafeMutableRawPointer, _ sequence: UInt64, _ deadline: UnsafeMutableRawPointer?) ->
        Int32

    @usableFromInline static var leaveOut: Int32 { .max }

    let ending: Ending
    let substitute: Substitute

    @usableFromInline
    init(ending: Ending, substitute: @escaping Substitute) {
        self.ending = ending
        unsafe self.substitute = substitute
    }

    /// `nil` where neither the configuration nor a substitute says that items have deadlines.
    @inlinable
    init?<Item: Sendable>(
        _ ending: Ending, _ configuration: ProducerConfiguration, _ substitute: (@Sendable (UInt64) throws -> Item?)?
    ) {
        guard substitute != nil || configuration.deadline != nil || configuration.allowsDeadlines else { return nil }
        unsafe self.init(ending: ending) { payload, sequence, deadline in
            let deadline = unsafe deadline.map {
                unsafe Unmanaged<ItemDeadline<Item>>.fromOpaque($0).takeRetainedValue()
            }
            deadline?.wasOvertaken()
            do {
                guard let make = deadline?.substitute ?? substitute else { throw DeadlineExceeded() }
                guard let item = try make(sequence) else { return DeadlineHooks.leaveOut }
                unsafe payload.initializeMemory(as: Item.self, to: item)
                return 0
            } catch {
                ending.itemFailed(sequence, error)
                return Ending.itemFailed
            }
        }
    }

    /// For an item's function that has thrown: its input is gone from the payload.
    @usableFromInline
    static func leave(_ error: any Error, in payload: UnsafeMutableRawPointer) {
        unsafe payload.initializeMemory(as: (any Error).self, to: error)
    }

    private func failed(_ payload: UnsafeMutableRawPointer?, _ sequence: UInt64, _ code: Int32, isLate: Bool) {
        if let payload = unsafe payload {
            let error = unsafe payload.assumingMemoryBound(to: (any Error).self).move()
            if !isLate { ending.itemFailed(sequence, error) }
        } else if code == -ENOMEM {
            ending.itemFailed(sequence, ProducerError.system("memory for an item that runs", code: ENOMEM))
        }
    }

    // As in ItemHooks, the callbacks borrow.

    static let substituteCallback: oip_substitute_function = { context, payload, sequence, deadline in
        unsafe Unmanaged<ItemHooks>.fromOpaque(context!)._withUnsafeGuaranteedRef { hooks in
            unsafe hooks.deadlines!.substitute(payload!, sequence, deadline)
        }
    }

    static let failedCallback: oip_failed_function = { context, payload, sequence, code, isLate in
        unsafe Unmanaged<ItemHooks>.fromOpaque(context!)._withUnsafeGuaranteedRef { hooks in
            unsafe hooks.deadlines!.failed(payload, sequence, code, isLate: isLate)
        }
    }

    static let releaseCallback: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = {
        _, deadline in
        unsafe Unmanaged<AnyObject>.fromOpaque(deadline!).release()
    }
}
