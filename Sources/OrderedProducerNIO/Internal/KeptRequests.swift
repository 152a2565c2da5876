// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore

    /// Requests that were read and not begun yet, first in, first out; as the handler before made them.
    ///
    /// One read may bring more of them than the window has room for; nothing is read before all have been taken out,
    /// which bounds it. It has no memory of its own while empty, as a connection is most of the time.
    @usableFromInline
    struct KeptRequests {
        /// `nil` where one was taken: it is moved out.
        private var requests: [NIOAny?] = []
        private var taken = 0

        var count: Int { requests.count - taken }
        var isEmpty: Bool { taken == requests.count }

        mutating func append(_ request: NIOAny) {
            requests.append(request)
        }

        /// Takes the oldest one.
        @usableFromInline
        mutating func next() -> NIOAny? {
            guard !isEmpty else { return nil }
            let request = requests[taken].take()
            taken += 1
            if isEmpty { removeAll() }
            return request
        }

        mutating func removeAll() {
            requests = []
            taken = 0
        }
    }
#endif
