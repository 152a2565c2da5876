// SPDX-License-Identifier: Apache-2.0

/// What happens to the iteration when an item function throws.
///
/// Whatever the policy, a failing item never overtakes an earlier one: where several fail, the lowest sequence is the
/// one that is reported, whatever the timing.
public enum FailurePolicy: Sendable {
    /// All items before the failing one are delivered, then the iteration ends. `stop()` throws an ``ItemFailure``.
    case endInOrder

    /// The iteration ends as soon as an item fails, even if earlier items are still missing. `stop()` throws an
    /// ``ItemFailure``. Under this policy a blocking consumer never assists, since it could not leave in mid-item.
    case failFast

    /// The failing item is left out and the rest is delivered. Failures are counted, in ``ProducerStatistics/failed``
    /// and ``ProducerStatistics/skipped``, and told to ``ProducerConfiguration/onItemFailure``; nobody else learns of
    /// their errors.
    case skip
}
