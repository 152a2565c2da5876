// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird

    extension Response {
        /// A sentence for whoever reads it.
        static func plain(_ status: HTTPResponse.Status, _ text: String, headers: HTTPFields = [:]) -> Response {
            .text(status, text + "\n", type: "text/plain; charset=utf-8", headers: headers)
        }

        static func text(
            _ status: HTTPResponse.Status, _ text: String, type: String, headers: HTTPFields = [:]
        ) -> Response {
            var headers = headers
            headers[.contentType] = type
            // What is quoted from a request must never be taken for a page.
            headers[.xContentTypeOptions] = "nosniff"
            headers[.cacheControl] = "no-store"
            let body = ByteBuffer(string: text)
            headers[.contentLength] = String(body.readableBytes)
            return Response(status: status, headers: headers, body: .init(byteBuffer: body))
        }
    }
#endif
