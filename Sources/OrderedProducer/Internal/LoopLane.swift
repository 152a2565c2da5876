// SPDX-License-Identifier: Apache-2.0

/// The consumer of one producer on an event loop: takes its items there, a few at a time.
///
/// The mutable state belongs to the loop; that is why this is `@unchecked Sendable`. ``abandon(_:)``, which comes when
/// the loop is gone, does not touch it.
@safe @usableFromInline
package final class LoopLane: @unchecked Sendable {
    /// Where a few items have left the lane.
    @usableFromInline
    package enum Progress: Sendable {
        /// Nothing more is deliverable now; the ready queue will name the lane.
        case idle
        /// There may be more: the lane was not asked for it.
        case more
        /// The end has been seen.
        case ended
    }

    /// Takes up to so many items, with memory for one of them.
    @usableFromInline
    typealias Body = @Sendable (_ payload: UnsafeMutableRawPointer, _ most: Int) throws -> Progress

    /// What the owner of the loop wants to hear besides the items.
    @usableFromInline
    package struct Callbacks: Sendable {
        /// After some items were taken: a connection flushes here.
        let afterItems: @Sendable () -> Void
        /// After the last item, once: with what ended production.
        let atEnd: @Sendable ((any Error)?) -> Void

        @usableFromInline
        package init(
            afterItems: @escaping @Sendable () -> Void = {},
            atEnd: @escaping @Sendable ((any Error)?) -> Void = { _ in }
        ) {
            self.afterItems = afterItems
            self.atEnd = atEnd
        }
    }

    private let core: CoreProducer
    private let payload: UnsafeMutableRawPointer
    /// Gone once the end was seen: closures like to capture their producer.
    private var body: Body?
    private var callbacks: Callbacks?
    /// The consumer leaves because of this error; production ends.
    private let leave: @Sendable (any Error) -> Void
    /// What ended production, if a failure did.
    private let failure: @Sendable () -> (any Error)?

    init(
        core: CoreProducer, body: @escaping Body, callbacks: Callbacks, leave: @escaping @Sendable (any Error) -> Void,
        failure: @escaping @Sendable () -> (any Error)?
    ) {
        self.core = core
        unsafe self.payload = core.allocatePayload()
        unsafe self.body = body
        self.callbacks = callbacks
        self.leave = leave
        self.failure = failure
    }

    deinit { unsafe payload.deallocate() }

    /// Names the lane in the core, which wants a pointer.
    var key: UInt { unsafe UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()) }

    /// Whether the loop has seen the end. On the loop.
    var hasEnded: Bool { unsafe body == nil }

    /// Delivers up to `most` items. On the loop; after the end again `ended`.
    package func deliver(atMost most: Int) -> Progress {
        guard let body = unsafe body, let callbacks else { return .ended }
        var thrown: (any Error)?
        var progress = Progress.ended
        do {
            progress = try unsafe body(payload, most)
        } catch {
            thrown = error
            leave(error)
        }
        callbacks.afterItems()
        if progress == .ended {
            unsafe self.body = nil
            self.callbacks = nil
            callbacks.atEnd(thrown ?? failure())
        }
        return progress
    }

    /// The loop is gone. Any thread.
    func abandon(_ error: any Error) {
        leave(error)
    }
}
