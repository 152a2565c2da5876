// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A line on the terminal's standard error that is drawn over itself, a few times a second at most.
final class Progress {
    private static let interval = Duration.milliseconds(100)

    private let name: String
    private let total: Int?
    private let start = ContinuousClock.now
    private var lastDrawn: ContinuousClock.Instant
    private var done = 0
    private var isVisible = false

    /// - Parameter total: bytes of input; nil where unknown.
    init(name: String, total: Int?) {
        self.name = name
        self.total = total
        lastDrawn = start
    }

    /// Only somebody who watches wants to see it.
    static var isWanted: Bool { isatty(STDERR_FILENO) == 1 }

    /// - Parameters:
    ///   - count: bytes of input that have been dealt with since the last call.
    ///   - written: bytes of output so far.
    func advance(by count: Int, written: Int) {
        done += count
        let now = ContinuousClock.now
        guard now - lastDrawn >= Self.interval else { return }
        lastDrawn = now
        isVisible = true
        Terminal.write("\r\(Self.line(name, done, total, written, now - start, width: Terminal.width))\u{1b}[K")
    }

    /// Leaves the line to whoever writes next.
    func clear() {
        guard isVisible else { return }
        isVisible = false
        Terminal.write("\r\u{1b}[K")
    }

    /// What fits in one line of `width` columns.
    static func line(
        _ name: String, _ done: Int, _ total: Int?, _ written: Int, _ elapsed: Duration, width: Int
    ) -> String {
        let left = Figure.percent(written, of: done)
        let rate = "\(Figure.bytes(done)), \(Figure.rate(done, elapsed)), \(left) of it left"
        guard let total, total > 0 else { return String("\(name): \(rate)".prefix(max(0, width - 1))) }
        let share = min(1, Double(done) / Double(total))
        let head = "\(name): \(Figure.percent(min(done, total), of: total)) "
        let room = width - 1 - head.count - rate.count - 3
        guard room >= 8 else { return String((head + rate).prefix(max(0, width - 1))) }
        let cells = min(room, 40)
        let filled = Int(share * Double(cells))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled)
        return "\(head)[\(bar)] \(rate)"
    }
}

/// The terminal that standard error is.
private enum Terminal {
    static var width: Int {
        var size = winsize()
        let known = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    /// A terminal that has gone away is no reason to fail.
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { unsafe _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
