// SPDX-License-Identifier: Apache-2.0
#if NIO
    /// Requests that were read and not begun yet, first in, first out.
    ///
    /// One read may bring more of them than the window has room for; nothing is read before all have been taken out, which
    /// bounds it. Those that were taken stay until then; without memory of its own while empty, as a connection is most of the
    /// time.
    struct KeptRequests<Request> {
        private var requests: [Request] = []
        private var taken = 0

        var count: Int { requests.count - taken }
        var isEmpty: Bool { taken == requests.count }

        mutating func append(_ request: Request) {
            requests.append(request)
        }

        /// The oldest ones.
        mutating func take(atMost most: Int) -> ArraySlice<Request> {
            let first = requests[taken...].prefix(most)
            taken = first.endIndex
            if isEmpty { removeAll() }
            return first
        }

        mutating func removeAll() {
            requests = []
            taken = 0
        }
    }
#endif
