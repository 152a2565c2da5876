// SPDX-License-Identifier: Apache-2.0

/// How a blocking consumer waits for an item that is not made yet.
public enum WaitStrategy: Sendable {
    /// Spins for as long as that has paid off lately and a processor is free, then sleeps. Under load it is woken for a
    /// run of items at a time, which costs no latency (those items wait for a processor anyway) and saves wake-ups.
    case adaptive

    /// Sleeps at once and is woken at once, for each item: for consumers that must never lag behind by a run of items.
    case park

    /// Never sleeps. Only for a consumer that has a processor of its own.
    case spin
}
