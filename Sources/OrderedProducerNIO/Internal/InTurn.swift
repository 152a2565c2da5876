// SPDX-License-Identifier: Apache-2.0
#if NIO
    /// Responses of other handlers, each waiting for the responses to the requests that were received before it.
    struct InTurn {
        private var waiting: [(turn: UInt64, response: ResponseInTurn)] = []

        var count: Int { waiting.count }

        /// `response` is due when `turn` requests have been answered. Turns do not decrease.
        mutating func append(_ response: ResponseInTurn, turn: UInt64) {
            waiting.append((turn, response))
        }

        /// Whether one is due.
        func isDue(after answered: UInt64) -> Bool {
            waiting.first.map { $0.turn <= answered } ?? false
        }

        /// Takes the first one out, if it is due.
        mutating func next(after answered: UInt64) -> ResponseInTurn? {
            isDue(after: answered) ? waiting.removeFirst().response : nil
        }

        /// What is behind requests that will not be answered is not written either.
        mutating func drop(after answered: UInt64) {
            waiting.removeAll { $0.turn > answered }
        }

        mutating func removeAll() {
            waiting = []
        }
    }
#endif
