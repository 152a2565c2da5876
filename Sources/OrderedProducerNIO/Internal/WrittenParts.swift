// SPDX-License-Identifier: Apache-2.0
#if NIO
    /// The parts of responses that were written to a connection, and whether they are out. Only a value: the handler
    /// writes, flushes and closes.
    ///
    /// A part may fail with no other sign than its promise: an encoder refuses it, say. What is written behind it would
    /// be taken for it, so nothing is.
    struct WrittenParts {
        private var written: UInt64 = 0
        private var onTheirWay = 0
        private(set) var areFlushed = true
        /// One of them cannot be written, and nothing behind it may be.
        private(set) var haveFailed = false

        /// Whether all are flushed, and out or failed.
        var areOut: Bool { areFlushed && onTheirWay == 0 }

        /// The number of the next part; nil where there must be none.
        mutating func next() -> UInt64? {
            guard !haveFailed else { return nil }
            written += 1
            onTheirWay += 1
            areFlushed = false
            return written
        }

        mutating func flush() {
            areFlushed = true
        }

        /// One part is out.
        mutating func isOut() {
            onTheirWay -= 1
        }

        /// The part with this number cannot be written. Whether others were written behind it, which may be out before
        /// anybody can do anything.
        mutating func failed(_ part: UInt64) -> Bool {
            onTheirWay -= 1
            haveFailed = true
            return part < written
        }
    }
#endif
