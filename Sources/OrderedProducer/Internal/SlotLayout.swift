// SPDX-License-Identifier: Apache-2.0

/// The memory of one item: its input first, then in the same place its output, or its error (``DeadlineHooks``).
///
/// The core moves payloads as whole slots, so every buffer that is handed to it is as large as the larger of the two.
@usableFromInline
enum SlotLayout<Input: ~Copyable, Output> {
    @inlinable static var size: Int {
        max(MemoryLayout<Input>.size, MemoryLayout<Output>.size, MemoryLayout<any Error>.size)
    }

    @inlinable static var alignment: Int {
        max(MemoryLayout<Input>.alignment, MemoryLayout<Output>.alignment, MemoryLayout<any Error>.alignment)
    }

    /// From one payload to the next, where several lie in a row.
    @inlinable static var stride: Int {
        (size + alignment - 1) & ~(alignment - 1)
    }

    /// Calls `body` with the memory of one payload on the stack.
    @inlinable @inline(__always)
    static func withPayload<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
        try unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: alignment) { buffer in
            // Never empty, as the size is at least that of an error.
            try unsafe body(buffer.baseAddress!)
        }
    }
}
