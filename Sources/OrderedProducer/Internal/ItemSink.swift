// SPDX-License-Identifier: Apache-2.0
internal import COrderedProducer

/// An inline sink's closure, as the core's context for it.
///
/// Kept by the producer's hooks, so it outlives every call. The closure itself goes as soon as production has ended and
/// somebody has waited for that, since sinks like to capture their producer.
@safe
final class ItemSink: @unchecked Sendable {
    private var body: ItemHooks.Run?

    init(_ body: @escaping ItemHooks.Run) {
        unsafe self.body = body
    }

    /// After the end of production, when no call is running or will come.
    func drop() {
        unsafe body = nil
    }

    static let callback: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UInt64) -> Int32 = {
        context, payload, sequence in
        unsafe Unmanaged<ItemSink>.fromOpaque(context!)._withUnsafeGuaranteedRef { sink in
            unsafe sink.body!(payload!, sequence)
        }
    }
}
