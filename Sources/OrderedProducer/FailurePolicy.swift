// SPDX-License-Identifier: Apache-2.0

/// What happens to the iteration when an item function throws.
///
/// Where several items fail, one is reported. What an async item throws because production has ended and its task was
/// cancelled never counts.
public enum FailurePolicy: Sendable {
    /// All items before the failing one are delivered, then the iteration ends. `stop()` throws an ``ItemFailure``: of
    /// several the one with the lowest sequence, whatever the timing.
    case endInOrder

    /// The iteration ends as soon as an item fails, even if earlier items are still missing. `stop()` throws an
    /// ``ItemFailure``: of several the one that came first in time, which ended production. Under this policy a
    /// blocking consumer never assists, since it could not leave in mid-item.
    case failFast

    /// The failing item is left out and the rest is delivered. Failures are counted, in ``ProducerStatistics/failed``
    /// and ``ProducerStatistics/skipped``, and told to ``ProducerConfiguration/onItemFailure``; nobody else learns of
    /// their errors.
    case skip
}
