// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// A question that all subjects answer: how long an item's work is, and how fast items are requested.
///
/// Written as `trivial`, as a duration (`40ns`, `1us`, `2.5ms`), or as `latency`, which paces trivial items.
struct Scenario: Sendable, Hashable, ExpressibleByArgument {
    let name: String
    /// Nanoseconds of work in each item.
    let work: Double
    let kind: Kind

    /// Kinds of scenario, so that a subject can say where it has something to show.
    enum Kind { case trivial, work, paced }

    var isPaced: Bool { kind == .paced }

    static let all = ["trivial", "1us", "10us", "latency"].compactMap(Scenario.init(argument:))

    init?(argument name: String) {
        self.name = name
        switch name {
        case "trivial": (kind, work) = (.trivial, 0)
        case "latency": (kind, work) = (.paced, 0)
        default:
            guard let (amount, unit) = Self.split(name), let nanoseconds = Self.nanoseconds[unit] else { return nil }
            (kind, work) = (.work, amount * nanoseconds)
        }
    }

    private static let nanoseconds = ["ns": 1.0, "us": 1e3, "ms": 1e6]

    private static func split(_ text: String) -> (amount: Double, unit: String)? {
        guard let unitStart = text.firstIndex(where: { !$0.isNumber && $0 != "." }),
            let amount = Double(text[..<unitStart]), amount.isFinite
        else { return nil }
        return (amount, String(text[unitStart...]))
    }

    /// Enough items for some tenths of a second on two cores, fewer where `quick`.
    func items(rate: Double, quick: Bool) -> UInt64 {
        let seconds = quick ? 0.02 : 1
        return isPaced ? UInt64(rate * seconds) : UInt64(seconds * 1e9 / max(work, 250))
    }

    /// The work in steps of the loop that every item runs.
    func steps(perMicrosecond rate: Double) -> UInt64 { UInt64((work * rate / 1000).rounded()) }
}
