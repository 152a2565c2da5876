// SPDX-License-Identifier: Apache-2.0

/// What a consumer can ask of whoever produces for it.
///
/// The shape is that of Twisted's `IPushProducer`, which AsynQueue's `OrderedItemProducer` implements with
/// `pauseProducing`, `resumeProducing` and `stopProducing`. Every call returns at once, may be made from any thread,
/// task, item function or consumer, and may be repeated.
public protocol PushProducer: Sendable {
    /// Delivers nothing more until ``resume()``. Items go on being accepted and made, up to the window.
    func pause()

    /// Lifts a ``pause()``; without effect where nothing is paused.
    func resume()

    /// Ends production at once and for good: no further item is started or delivered, and the iteration ends.
    func stopProducing()
}
