// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// How long an item's work is: `0`, `trivial`, or a duration such as `40ns`, `1us`, `2.5ms`.
struct Work: Sendable, Hashable, ExpressibleByArgument, CustomStringConvertible {
    let nanoseconds: Double
    let description: String

    static let none = Work(nanoseconds: 0, description: "trivial")

    private init(nanoseconds: Double, description: String) {
        self.nanoseconds = nanoseconds
        self.description = description
    }

    init?(argument text: String) {
        if text == "0" || text == "trivial" {
            self = .none
            return
        }
        guard let unitStart = text.firstIndex(where: { !$0.isNumber && $0 != "." }),
            let amount = Double(text[..<unitStart]), amount.isFinite,
            let unit = Self.units[String(text[unitStart...])]
        else { return nil }
        self.init(nanoseconds: amount * unit, description: text)
    }

    private static let units = ["ns": 1.0, "us": 1e3, "µs": 1e3, "ms": 1e6]

    /// The work in steps of the loop that every item runs.
    func steps(perMicrosecond rate: Double) -> UInt64 { UInt64((nanoseconds * rate / 1000).rounded()) }
}
