// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them.
enum Figure {
    static func bytes(_ count: Int) -> String { "\(decimal(Double(count) / 1e6, places: 1)) MB" }

    static func rate(_ count: Int, _ elapsed: Duration) -> String {
        let seconds = elapsed / .seconds(1)
        return seconds > 0 ? "\(decimal(Double(count) / 1e6 / seconds, places: 1)) MB/s" : "- MB/s"
    }

    static func percent(_ part: Int, of whole: Int) -> String {
        whole > 0 ? "\(decimal(100 * Double(part) / Double(whole), places: 1)) %" : "- %"
    }

    static func milliseconds(_ nanoseconds: UInt64) -> String { "\(decimal(Double(nanoseconds) / 1e6, places: 2)) ms" }

    /// `value`, which is not negative, rounded to `places` digits after the point.
    static func decimal(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = UInt64((value * scale).rounded())
        let digits = String(scaled % UInt64(scale))
        let fraction = String(repeating: "0", count: places - digits.count) + digits
        return "\(scaled / UInt64(scale)).\(fraction)"
    }
}
