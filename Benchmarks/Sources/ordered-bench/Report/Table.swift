// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Text of figures and Markdown tables.
enum Table {
    static func lines(_ head: [String], _ rows: [[String]]) -> [String] {
        let alignment = head.indices.map { $0 == 0 ? "---" : "---:" }
        return ([head, alignment] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
    }

    static func number(_ value: Double, _ digits: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(digits)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }

    /// With so many digits that it can be told from its neighbours: 7.25, 72.5, 725.
    static func figure(_ value: Double) -> String { number(value, value < 10 ? 2 : value < 100 ? 1 : 0) }

    static func spread(_ spread: Spread?, scale: Double = 1) -> String {
        guard let spread else { return "" }
        let (median, lowest, highest) = (spread.median / scale, spread.lowest / scale, spread.highest / scale)
        return lowest == highest ? figure(median) : "\(figure(median)) (\(figure(lowest))–\(figure(highest)))"
    }

    static func median(_ spread: Spread?, _ digits: Int, scale: Double = 1) -> String {
        spread.map { number($0.median / scale, digits) } ?? ""
    }

    static func percent(_ share: Double?) -> String { share.map { number(100 * $0, 1) + " %" } ?? "" }
}
