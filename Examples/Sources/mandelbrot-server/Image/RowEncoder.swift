// SPDX-License-Identifier: Apache-2.0
#if Server
    import CRowEncoder

    /// Makes a PNG file of rows, blocking where its receiver blocks. One thread at a time.
    @safe
    final class RowEncoder {
        /// What libpng says went wrong.
        struct Failure: Error, CustomStringConvertible {
            let description: String
        }

        /// The first rows are passed on when there are so many, and later ones as well where the interval has passed.
        /// Each flush makes the file larger, and wakes all who pass it on.
        static let rowsPerFlush = 8
        static let flushInterval = Duration.milliseconds(10)
        static let compressionLevel: Int32 = 3

        private let handle: OpaquePointer
        private let receiver: Receiver
        private let rowSize: Int
        private let flushInterval: Duration
        private var rowsSinceFlush = 0
        private var lastFlush: ContinuousClock.Instant?

        /// - Parameter receive: Gets the file in pieces of some `capacity` bytes, or fewer after a flush. What it
        ///   throws, the call that wrote throws.
        init(
            width: Int, height: Int, capacity: Int, flushInterval: Duration = RowEncoder.flushInterval,
            receive: @escaping ([UInt8]) throws -> Void
        ) throws {
            self.flushInterval = flushInterval
            rowSize = 3 * width
            receiver = Receiver(capacity: capacity, receive: receive)
            var options = unsafe row_encoder_options()
            unsafe options.width = UInt32(width)
            unsafe options.height = UInt32(height)
            unsafe options.level = Self.compressionLevel
            unsafe options.context = Unmanaged.passUnretained(receiver).toOpaque()
            unsafe options.write = { context, bytes, count in
                let receiver = unsafe Unmanaged<Receiver>.fromOpaque(context!).takeUnretainedValue()
                return unsafe receiver.take(UnsafeBufferPointer(start: bytes, count: count)) ? 0 : -1
            }
            guard let handle = unsafe row_encoder_create(&options) else {
                throw Failure(description: "no memory for a PNG encoder")
            }
            unsafe self.handle = handle
        }

        deinit { unsafe row_encoder_destroy(handle) }

        /// Writes what stands before the first row, and hands it over.
        func begin() throws {
            try check(unsafe row_encoder_begin(handle))
            try receiver.handOver()
        }

        /// Writes the next rows, three bytes a pixel, and gives how many they are.
        @discardableResult
        func write(_ rows: [UInt8]) throws -> Int {
            let count = rows.count / rowSize
            try check(unsafe row_encoder_rows(handle, rows, UInt32(count)))
            rowsSinceFlush += count
            try flushIfDue()
            return count
        }

        private func flushIfDue() throws {
            guard rowsSinceFlush >= Self.rowsPerFlush else { return }
            let now = ContinuousClock.now
            if let lastFlush, now - lastFlush < flushInterval { return }
            try check(unsafe row_encoder_flush(handle))
            lastFlush = now
            rowsSinceFlush = 0
        }

        /// Writes what stands behind the last row, and hands over the rest.
        func finish() throws {
            try check(unsafe row_encoder_finish(handle))
            try receiver.handOver()
        }

        private func check(_ result: Int32) throws {
            guard result != 0 else { return }
            throw receiver.failure ?? Failure(description: unsafe String(cString: row_encoder_message(handle)))
        }
    }

    /// Gathers libpng's small pieces.
    private final class Receiver {
        private let capacity: Int
        private let receive: ([UInt8]) throws -> Void
        private var gathered: [UInt8] = []
        /// What `receive` threw.
        private(set) var failure: (any Error)?

        init(capacity: Int, receive: @escaping ([UInt8]) throws -> Void) {
            self.capacity = capacity
            self.receive = receive
        }

        /// Whether more is wanted.
        func take(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
            unsafe gathered.append(contentsOf: bytes)
            guard bytes.isEmpty || gathered.count >= capacity else { return true }
            do {
                try handOver()
                return true
            } catch {
                failure = error
                return false
            }
        }

        func handOver() throws {
            guard !gathered.isEmpty else { return }
            let piece = gathered
            gathered = []
            gathered.reserveCapacity(capacity)
            try receive(piece)
        }
    }
#endif
