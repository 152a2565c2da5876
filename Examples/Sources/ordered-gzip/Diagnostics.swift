// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Standard error.
enum Diagnostics {
    static func report(_ error: any Error) { write("ordered-gzip: \(error)") }

    static func write(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { unsafe _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
