// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore

    /// Writes one response of an ``OrderedPipeline`` to its connection, as one or several parts.
    ///
    /// ```swift
    /// write: { reply, connection in
    ///     connection.write(HTTPServerResponsePart.head(reply.head))
    ///     connection.write(HTTPServerResponsePart.body(.byteBuffer(reply.body)))
    ///     connection.write(HTTPServerResponsePart.end(nil))
    ///     if !reply.keepAlive { connection.close() }
    /// }
    /// ```
    ///
    /// It is valid during the call that got it, on the connection's loop. Parts are flushed for several responses at
    /// once; what is written after the connection was lost is dropped.
    public struct ResponseWriter {
        @usableFromInline let connection: OrderedPipelineHandler

        @inlinable
        init(connection: OrderedPipelineHandler) {
            self.connection = connection
        }

        /// Where the parts' buffers come from.
        public var allocator: ByteBufferAllocator { connection.allocator }

        /// Writes a part, which need not be `Sendable`: the next handler of the channel gets it as its `OutboundIn`.
        @inlinable
        public func write<Part>(_ part: Part) {
            connection.write(NIOAny(part))
        }

        /// Makes this response the connection's last: it closes once everything up to here is written. Requests behind
        /// it are not answered.
        public func close() {
            connection.closeAfterThisResponse()
        }
    }

    @available(*, unavailable)
    extension ResponseWriter: Sendable {}
#endif
