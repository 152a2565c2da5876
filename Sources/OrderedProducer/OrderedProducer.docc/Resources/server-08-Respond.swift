// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

typealias Client = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

/// Answers a request with a report, as it comes.
func respond(
    with report: Report, to client: Client, _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
) async throws {
    let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Connection": "close"])
    try await outbound.write(.head(head))
    try await report.send { line in
        try await outbound.write(.body(.byteBuffer(ByteBuffer(string: line))))
    }
    try await outbound.write(.end(nil))
}
