// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOCore
    import OrderedProducer

    /// One image on its way: a chain of bounded parts that hold each other back.
    ///
    /// ```
    /// pool: rows, side by side ──► encoder, a thread of its own ──► pieces ──► whoever sends them, a task
    ///        (window: rows)          (blocks in libpng)         (window: pieces)   (suspends while the client is slow)
    /// ```
    ///
    /// A slow client suspends the task; the pieces' window fills and blocks the encoder; the rows' window fills, and no
    /// further row is begun. The second stage computes nothing: it is there because it already is a bounded, ordered,
    /// cancellable way from a thread that blocks to a task that must not. It runs on a pool of one thread for all images,
    /// where a piece waits for no row: 16 KiB cost one wake-up.
    final class ImageStream: Sendable {
        /// The receiver went before the image was complete.
        struct Abandoned: Error {}

        private let image: Mandelbrot
        /// Gives the size of the file.
        private let rows: OrderedTransform<Int, [UInt8], Int>
        private let pieces: OrderedTransform<ByteBuffer, ByteBuffer, Never>
        private let sent: AsyncOrderedItems<ByteBuffer>

        /// Starts the encoder's thread, which waits for rows. No row is computed before `send`. Where the stream is dropped
        /// without it, the thread ends.
        init(_ image: Mandelbrot, limits: Limits, pools: Pools, row: @escaping Pools.Row) async throws {
            self.image = image
            var ahead = ProducerConfiguration(window: max(limits.rowsAhead, 2 * pools.rows.threads))
            // Its encoder is one thread of many: if each ran rows too, the pool would not bound what is computed at once.
            ahead.assists = false
            ahead.name = "png-encoder"
            rows = try OrderedTransform(pool: pools.rows, configuration: ahead) { y in row(image, y) }
            let pieces = try OrderedTransform<ByteBuffer, ByteBuffer, Never>(
                pool: pools.handOver, configuration: .init(window: limits.pieces)
            ) { $0 }
            self.pieces = pieces
            sent = try pieces.items()
            try await rows.start { rows in
                do {
                    let size = try Self.encode(image, rows, into: pieces, pieceSize: limits.pieceSize)
                    _ = try pieces.stop()
                    return size
                } catch {
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

        var statistics: ProducerStatistics { rows.statistics }

        /// Pieces that wait for whoever sends them.
        var piecesWaiting: Int { pieces.statistics.finishedWaiting }

        /// Counts both stages, from their beginning, until they are removed.
        func add(to stages: StageMetrics) {
            stages.rows.add(rows)
            stages.pieces.add(pieces)
        }

        func remove(from stages: StageMetrics) {
            stages.rows.remove(rows)
            stages.pieces.remove(pieces)
        }

        /// Ends everything at once: rows that are being computed are the last. Allowed everywhere, at any time.
        func stopProducing() {
            pieces.stopProducing()
            rows.stopProducing()
        }

        /// Asks for all rows and waits for the encoder's end.
        nonisolated(nonsending) private func compute() async throws -> Int? {
            do {
                _ = try await rows.produce(contentsOf: 0..<image.height)
            } catch {
                stopProducing()
                _ = try? await rows.stop()
                throw error
            }
            return try await rows.stop()
        }

        private static func encode(
            _ image: Mandelbrot, _ rows: OrderedItems<[UInt8]>,
            into pieces: OrderedTransform<ByteBuffer, ByteBuffer, Never>, pieceSize: Int
        ) throws -> Int {
            var size = 0
            let encoder = try RowEncoder(width: image.width, height: image.height, capacity: pieceSize) { piece in
                guard try pieces.produce(ByteBuffer(bytes: piece)) != nil else { throw Abandoned() }
                size += piece.count
            }
            try encoder.begin()
            var count = 0
            for row in rows {
                try encoder.write(row)
                count += 1
            }
            guard count == image.height else { throw Abandoned() }
            try encoder.finish()
            return size
        }
    }
#endif
