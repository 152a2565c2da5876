// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// The names of scenarios. Those that end in a number take any number, and those marked * a duration of work behind it
/// (`window-64-1us`).
///
/// `trivial`, `10us` (any duration), `tail-1us`, `slow-head`, `drain`, `paced-10000`, `burst-256`, `callers-4`*,
/// `producers-1000`*, `window-64`*, `workers-8`*.
extension Scenario: ExpressibleByArgument {
    /// Heavy tail: every 64th item takes 50 times as long.
    static let heavyTail: [UInt64] = [64, 50]
    /// One slow head: 20 ms before the first of many items of 1 µs.
    static let slowHead = 20e6
    /// Items behind the head whose delivery is measured, and the window that holds them.
    static let drained: UInt64 = 1_000_000
    static let drainWindow = 1 << 20
    /// Bursts come as often as keeps this average rate.
    static let burstRate = 10_000.0
    /// Many producers share what one has, but each has at least this, as a connection of a server would.
    static let sharedWindow = 1024
    static let leastWindow = 64

    init?(argument name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        switch parts[0] {
        case "latency" where parts.count == 1:
            self.init(argument: "paced-10000")
        case "slow" where name == "slow-head":
            self.init(name, .uneven, work: Work(argument: "1us") ?? .none)
            head = Self.slowHead
        case "drain" where parts.count == 1:
            self.init(name, .drain)
            window = Self.drainWindow
        case "tail":
            guard parts.count == 2, let work = Work(argument: parts[1]), work != .none else { return nil }
            self.init(name, .uneven, work: work)
            tail = Self.heavyTail
        default:
            if parts.count == 1 {
                guard let work = Work(argument: name) else { return nil }
                self.init(work == .none ? "trivial" : name, work == .none ? .trivial : .work, work: work)
            } else {
                self.init(numbered: name, parts)
            }
        }
    }

    private init?(numbered name: String, _ parts: [String]) {
        guard let number = Int(parts[1]), number >= 1, number <= 1 << 30, parts.count <= 3 else { return nil }
        let work = parts.count == 3 ? Work(argument: parts[2]) : Work.none
        guard let work else { return nil }
        switch parts[0] {
        case "paced":
            self.init(name, .paced, work: work)
            rate = Double(number)
        case "burst":
            self.init(name, .paced, work: work)
            rate = Self.burstRate
            burst = UInt64(number)
        case "callers" where number <= 64:
            self.init(name, .callers, work: work)
            callers = number
        case "producers":
            self.init(name, .producers, work: work)
            producers = number
            window = max(Self.sharedWindow / number, Self.leastWindow)
        case "window":
            self.init(name, .window, work: work)
            window = number
        case "workers" where number <= 4000:
            self.init(name, .workers, work: work)
            workers = number
        default:
            return nil
        }
    }
}
