// SPDX-License-Identifier: Apache-2.0
#if NIO
    /// A response that a handler before an ``OrderedPipelineHandler`` gives itself, written when its turn comes.
    ///
    /// A handler that answers on its own, because a request is malformed or too large, say, must not write its answer
    /// while earlier requests are unanswered: the client would take it for the answer to one of those. It sends this
    /// event to the handlers behind it instead:
    ///
    /// ```swift
    /// context.fireUserInboundEventTriggered(
    ///     ResponseInTurn { connection in
    ///         connection.write("ERROR line too long\r\n")
    ///         connection.close()
    ///     })
    /// ```
    ///
    /// The response is written behind those to all requests that were passed on before, and before those to the later
    /// ones: at once where nothing is outstanding. Until then it counts for the pipeline's window, and nothing is read
    /// while that is full, so that a client cannot have any number of them waiting.
    public struct ResponseInTurn {
        let write: (ResponseWriter) -> Void

        /// A response that `write` writes, on the connection's loop.
        public init(_ write: @escaping (ResponseWriter) -> Void) {
            self.write = write
        }
    }

    @available(*, unavailable)
    extension ResponseInTurn: Sendable {}
#endif
