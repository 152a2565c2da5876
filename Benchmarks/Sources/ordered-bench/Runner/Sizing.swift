// SPDX-License-Identifier: Apache-2.0

/// How many items make a run of the wanted length, for a participant that needs so long for a trivial item.
struct Sizing: Sendable {
    /// Seconds that a measured pass should take.
    let seconds: Double
    let cores: Int

    static let probeItems: UInt64 = 20_000
    static let fewest: UInt64 = 200
    static let most: UInt64 = 20_000_000

    /// Callers that share processors get on by the kernel's time slices: how far each is evens out over many of them.
    private func wanted(_ scenario: Scenario) -> Double { scenario.kind == .callers ? 5 * seconds : seconds }

    /// `overhead`: nanoseconds per trivial item, as probed.
    func items(_ scenario: Scenario, overhead: Double) -> UInt64 {
        switch scenario.kind {
        case .drain:
            return Scenario.drained + 1
        case .paced:
            let bursts = scenario.burst.map { Double($0) } ?? 1
            let rate = scenario.rate ?? 1
            // A slow rate needs longer for the same number of latencies.
            let wanted = rate * seconds * (rate < 5000 ? 2 : 1)
            // One that cannot keep up is not to take many times as long.
            let possible = min(wanted, 4 * seconds * 1e9 / max(overhead, 1))
            return UInt64(max(1, (possible / bursts).rounded(.up)) * bursts)
        default:
            let width = Double(max(1, min(scenario.workers ?? cores, cores)))
            let ideal = scenario.meanWork / width
            return Self.round(wanted(scenario) * 1e9 / max(ideal + overhead, 1))
        }
    }

    /// The next number of one significant digit, 1, 2 or 5, so that participants share expected checksums.
    static func round(_ items: Double) -> UInt64 {
        var power: UInt64 = 1
        while Double(power) * 10 <= items, power < most { power *= 10 }
        let digit: UInt64 = items / Double(power) >= 5 ? 5 : items / Double(power) >= 2 ? 2 : 1
        return min(max(digit * power, fewest), most)
    }

    /// Other items where a run of `items` was far from the wanted length; `nil` where it was near enough. Work is not
    /// repeated for it: the next repetitions are longer or shorter.
    func corrected(_ scenario: Scenario, items: UInt64, took seconds: Double) -> UInt64? {
        guard scenario.kind != .drain, scenario.kind != .paced, scenario.head == nil, seconds > 0 else { return nil }
        let ratio = wanted(scenario) / seconds
        guard ratio > 3 || ratio < 1 / 2.5 else { return nil }
        let better = Self.round(Double(items) * ratio)
        return better == items ? nil : better
    }
}
