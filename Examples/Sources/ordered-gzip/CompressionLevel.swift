// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How hard to look for a smaller output: `-1` is the fastest, `-12` the smallest.
struct CompressionLevel: EnumerableFlag, RawRepresentable {
    let rawValue: Int32

    static let standard = CompressionLevel(rawValue: 6)
    static let allCases = (1...12).map { CompressionLevel(rawValue: $0) }

    static func name(for level: CompressionLevel) -> NameSpecification {
        let digits = "\(level.rawValue)"
        // Two digits are one option here, not `-1` and `-2` in one word.
        return digits.count == 1 ? .customShort(Character(digits)) : .customLong(digits, withSingleDash: true)
    }
}
