// SPDX-License-Identifier: Apache-2.0
#if Server
    import Synchronization

    /// What an item computes: some rows that follow each other, as many as are worth waking the encoder for.
    ///
    /// A row of a small image is computed in less time than a thread takes to wake up: one by one they cost the
    /// encoder's wakes more than themselves. A strip is bounded in pixels, for memory and so that the first rows come
    /// early, and in work, so that images go on sharing the pool evenly.
    struct Strip: Sendable {
        static let pixels = 2048
        /// Pixels × iterations: two milliseconds at worst.
        static let work = 1_000_000

        let rows: Range<Int>

        /// The strips of an image, in order.
        static func all(of image: Mandelbrot) -> [Strip] {
            let height = height(of: image)
            return stride(from: 0, to: image.height, by: height).map { start in
                Strip(rows: start..<min(start + height, image.height))
            }
        }

        /// How many rows each has, but the last.
        static func height(of image: Mandelbrot) -> Int {
            max(1, min(pixels / image.width, work / (image.width * image.iterations)))
        }

        /// Their bytes, those of the first row first; where `end` is raised, the row in hand is the last.
        func compute(of image: Mandelbrot, until end: Flag, row: Pools.Row) -> [UInt8] {
            if rows.count == 1 { return row(image, rows.lowerBound) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(3 * image.width * rows.count)
            for y in rows {
                if end.isRaised { break }
                bytes += row(image, y)
            }
            return bytes
        }

        /// Raised once.
        final class Flag: Sendable {
            private let raised = Atomic(false)

            /// Relaxed: it tells of nothing but itself. Whoever sees it late computes a row more.
            var isRaised: Bool { raised.load(ordering: .relaxed) }
            func raise() { raised.store(true, ordering: .relaxed) }
        }
    }
#endif
