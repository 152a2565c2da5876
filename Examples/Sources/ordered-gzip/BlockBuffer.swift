// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Memory for one block, raw or compressed.
///
/// It has one owner at a time: the reader while it fills it, the worker that compresses from it or into it, the writer,
/// the free list. The hand-over from one to the next goes through the producer or the free list, which order the
/// accesses; hence unchecked.
@safe
final class BlockBuffer: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer
    /// How many bytes at the beginning are in use.
    var count = 0

    /// Fails where memory is short.
    init?(capacity: Int) {
        guard let base = unsafe malloc(capacity) else { return nil }
        unsafe memory = UnsafeMutableRawBufferPointer(start: base, count: capacity)
    }

    deinit { unsafe free(memory.baseAddress) }

    var contents: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }
}
