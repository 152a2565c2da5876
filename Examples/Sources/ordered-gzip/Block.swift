// SPDX-License-Identifier: Apache-2.0

/// A piece of the input, and the header of the member that it becomes.
struct Block: Sendable {
    let buffer: BlockBuffer
    let header: [UInt8]
}

/// A finished member of the output.
struct CompressedBlock: Sendable {
    let buffer: BlockBuffer
    /// How many bytes of input are in it.
    let inputCount: Int
}
