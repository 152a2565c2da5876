// SPDX-License-Identifier: Apache-2.0

extension Set<Scenario.Kind> {
    /// Any number of requests, as fast as possible or paced, through one caller and one producer.
    static let unpaced: Self = [.trivial, .work, .uneven, .window, .workers]
    static let usual: Self = unpaced.union([.paced])
}

/// Every subject of ours, named PRODUCER-CONSUMER, and the measures beside them, in the order of the report. A further
/// one needs its file and a line here.
let allSubjects: [any Subject] =
    [
        CSubject("serial", in: [.trivial, .work, .uneven], "one thread makes the items and receives them"),
        CSubject(
            "independent", in: [.work, .uneven],
            "as many threads as workers, each making its part, nothing handed over: the machine's limit"),
        CSubject(
            "spsc-spinning", in: [.trivial],
            "a ring between two pinned threads that spin; the requester makes the items"),
        CSubject(
            "spsc-parked", in: [.paced], "the same ring, its receiver asleep on a futex while the ring is empty"),
        CSubject("c-thread", in: .usual.union([.callers, .drain]), "C API, consumer thread"),
        CSubject("c-sink", in: .usual.union([.producers, .drain]), "C API, inline sink"),
        CSubject("c-loop", in: .usual.union([.producers]), "C API, event loop with a ready queue"),
        CSubject("c-many", in: [.trivial, .work], "C API, 64 items published at once, consumer thread"),
        CSubject("c-many-sink", in: [.trivial, .work], "C API, 64 items published at once, inline sink"),
    ]
    + swiftSubjects + [TaskGroupSubject()]

private let swiftSubjects: [any Subject] =
    Consumer.allCases.map { TransformSubject(consumer: $0) as any Subject }
    + Consumer.allCases.map { ClosureSubject(consumer: $0) as any Subject }
    + Consumer.allCases.map { AsyncClosureSubject(consumer: $0) as any Subject }

/// Checks the allocation counter: it allocates three times an item.
let knownAllocations = CSubject("known-allocations", in: [], "three allocations an item")

func subject(named name: String) -> (any Subject)? {
    (allSubjects + [knownAllocations]).first { $0.name == name }
}
