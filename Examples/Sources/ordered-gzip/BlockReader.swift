// SPDX-License-Identifier: Apache-2.0

/// Cuts the input into blocks.
///
/// An empty input is one empty block: its member is what makes the output valid.
struct BlockReader {
    private let input: InputFile
    private let blockSize: Int
    private let buffers: BufferPool
    private var header: [UInt8]
    private let followingHeader: [UInt8]
    private var isFirst = true
    private var isAtEnd = false

    /// - Parameters:
    ///   - header: of the first block's member.
    ///   - followingHeader: of all others'.
    init(input: InputFile, blockSize: Int, buffers: BufferPool, header: [UInt8], followingHeader: [UInt8]) {
        self.input = input
        self.blockSize = blockSize
        self.buffers = buffers
        self.header = header
        self.followingHeader = followingHeader
    }

    /// The next block; nil at the end of an input that is still what it was when it was opened.
    mutating func next() throws -> Block? {
        if !isAtEnd {
            let buffer = try buffers.take()
            buffer.count = unsafe try input.fill(UnsafeMutableRawBufferPointer(rebasing: buffer.memory[..<blockSize]))
            isAtEnd = buffer.count < blockSize
            if buffer.count > 0 || isFirst {
                defer {
                    isFirst = false
                    header = followingHeader
                }
                return Block(buffer: buffer, header: header)
            }
            buffers.recycle(buffer)
        }
        try input.verifyUnchanged()
        return nil
    }
}
