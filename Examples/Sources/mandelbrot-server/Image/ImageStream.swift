// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOCore
    import OrderedProducer

    /// One image on its way: a chain of bounded parts that hold each other back.
    ///
    /// ```
    /// pool: strips, side by side ──► encoder, a thread of its own ──► pieces ──► whoever sends them, a task
    ///       (window: strips)         (blocks in libpng)         (window: pieces)   (suspends while the client is slow)
    /// ```
    ///
    /// A slow client suspends the task; the pieces' window fills and blocks the encoder; the strips' window fills, and
    /// no further row is begun. The second stage computes nothing: it is there because it already is a bounded,
    /// ordered, cancellable way from a thread that blocks to a task that must not. It runs on a pool of one thread for
    /// all images, where a piece waits for no row: 16 KiB cost one wake-up.
    final class ImageStream: Sendable {
        /// The receiver went before the image was complete.
        struct Abandoned: Error {}

        private let image: Mandelbrot
        /// Gives the size of the file.
        private let strips: OrderedTransform<Strip, [UInt8], Int>
        private let pieces: OrderedTransform<ByteBuffer, ByteBuffer, Never>
        private let sent: AsyncOrderedItems<ByteBuffer>
        private let end = Strip.Flag()

        /// Starts the encoder's thread, which waits for rows. No row is computed before `send`. Where the stream is
        /// dropped without it, the thread ends.
        init(_ image: Mandelbrot, limits: Limits, pools: Pools, row: @escaping Pools.Row) async throws {
            self.image = image
            var ahead = ProducerConfiguration(window: max(limits.stripsAhead, 2 * pools.rows.threads))
            // Its encoder is one thread of many: if each ran strips too, the pool would not bound what is computed at
            // once.
            ahead.assists = false
            ahead.name = "png-encoder"
            strips = try OrderedTransform(pool: pools.rows, configuration: ahead) { [end] strip in
                strip.compute(of: image, until: end, row: row)
            }
            let pieces = try OrderedTransform<ByteBuffer, ByteBuffer, Never>(
                pool: pools.handOver, configuration: .init(window: limits.pieces)
            ) { $0 }
            self.pieces = pieces
            sent = try pieces.items()
            try await strips.start { [end] strips in
                do {
                    let size = try Self.encode(image, strips, into: pieces, pieceSize: limits.pieceSize)
                    _ = try pieces.stop()
                    return size
                } catch {
                    end.raise()
                    pieces.stopProducing()
                    throw error
                }
            }
        }

        /// Computes the image and calls `write` with each piece of its file; returns when all are written.
        ///
        /// - Throws: What `write` threw; what libpng said; ``Abandoned`` after `stopProducing()`, or where the task is
        ///   cancelled. No thread works for the image any more then.
        nonisolated(nonsending) func send(write: (ByteBuffer) async throws -> Void) async throws {
            try await withTaskCancellationHandler {
                async let computed = compute()
                var size = 0
                do {
                    for try await piece in sent {
                        size += piece.readableBytes
                        try await write(piece)
                    }
                    // Pieces that were made and then discarded fail nobody else.
                    guard try await computed == size else { throw Abandoned() }
                } catch {
                    stopProducing()
                    _ = try? await computed
                    throw error
                }
            } onCancel: {
                stopProducing()
            }
        }

        var statistics: ProducerStatistics { strips.statistics }

        /// Rows that the encoder has got.
        var rowsEncoded: Int { min(Int(strips.statistics.delivered) * Strip.height(of: image), image.height) }

        /// Pieces that wait for whoever sends them.
        var piecesWaiting: Int { pieces.statistics.finishedWaiting }

        /// Counts both stages, from their beginning, until they are removed.
        func add(to stages: StageMetrics) {
            stages.strips.add(strips)
            stages.pieces.add(pieces)
        }

        func remove(from stages: StageMetrics) {
            stages.strips.remove(strips)
            stages.pieces.remove(pieces)
        }

        /// Ends everything at once: rows that are being computed are the last. Allowed everywhere, at any time.
        func stopProducing() {
            // A strip that this cuts short can reach the encoder, but never complete the image: rows are counted.
            end.raise()
            pieces.stopProducing()
            strips.stopProducing()
        }

        /// Asks for all rows and waits for the encoder's end.
        nonisolated(nonsending) private func compute() async throws -> Int? {
            do {
                _ = try await strips.produce(contentsOf: Strip.all(of: image))
            } catch {
                stopProducing()
                _ = try? await strips.stop()
                throw error
            }
            return try await strips.stop()
        }

        private static func encode(
            _ image: Mandelbrot, _ strips: OrderedItems<[UInt8]>,
            into pieces: OrderedTransform<ByteBuffer, ByteBuffer, Never>, pieceSize: Int
        ) throws -> Int {
            var size = 0
            let encoder = try RowEncoder(width: image.width, height: image.height, capacity: pieceSize) { piece in
                guard try pieces.produce(ByteBuffer(bytes: piece)) != nil else { throw Abandoned() }
                size += piece.count
            }
            try encoder.begin()
            var count = 0
            for strip in strips { count += try encoder.write(strip) }
            guard count == image.height else { throw Abandoned() }
            try encoder.finish()
            return size
        }
    }
#endif
