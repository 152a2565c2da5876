// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// A way to produce with a way to consume, as a person asks for them.
struct Combination {
    var producer: String
    var consumer: String
    var batch = 1

    /// Throws an error that names the combinations there are.
    func subject() throws -> any Subject {
        let batched = ["thread": "c-many", "sink": "c-many-sink"]
        let name: String? =
            switch batch {
            case 1: "\(producer)-\(consumer)"
            case 64 where producer == "c": batched[consumer]
            default: nil
            }
        if let name, let subject = ordered_bench.subject(named: name) { return subject }
        throw ValidationError(
            """
            There is no --producer \(producer) with --consumer \(consumer)\(batch == 1 ? "" : " and --batch \(batch)"). \
            There are: c with thread, sink or loop (--batch 64 with thread or sink); transform, closure and async with \
            thread, sink or async.
            """)
    }
}
