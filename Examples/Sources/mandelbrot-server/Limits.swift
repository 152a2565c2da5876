// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOCore

    /// What bounds the processor time and the memory of requests.
    struct Limits: Sendable {
        /// Images on their way at once; the next is refused. Each has a thread for its encoder, and at the largest
        /// width 0.7 MiB: 0.3 of libpng and zlib, rows, pieces of the file, what NIO has not sent.
        var images = 1000
        /// Connections at once; further ones wait in the backlog.
        var connections = 4096

        /// The image's width in pixels.
        var width = 1...4096
        /// Where the middle of the image may lie, on either axis.
        var centre = -4.0...4.0
        /// The image's width on the real axis. Below it neighbouring pixels become the same number.
        var span = 1e-12...16.0
        /// The most iterations for a point.
        var iterations = 1...100_000
        /// Pixels × iterations, about two nanoseconds each at worst.
        var work = 5_000_000_000

        /// Strips of rows asked for and not yet encoded, at least two for each of the pool's threads: they are busy
        /// while the encoder is.
        var stripsAhead = 16
        /// Pieces of the file between the encoder and whoever sends them.
        var pieces = 4
        /// The size of a piece in bytes.
        var pieceSize = 16 * 1024

        /// A client that takes nothing for so long, or less than some 32 KiB in it, is cut off.
        var stall = TimeAmount.seconds(30)
        /// A connection without a request is closed after it.
        var idle = TimeAmount.seconds(60)
    }
#endif
