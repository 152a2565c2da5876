// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird
    import Logging

    /// Counts and logs each request when its answer begins, and makes every refusal a sentence.
    struct RequestLog: RouterMiddleware {
        typealias Context = ServerContext

        let metrics: ServerMetrics

        func handle(
            _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
        ) async throws -> Response {
            let response = await answer(request, context: context, next: next)
            metrics.answered(context.route, status: response.status.code)
            context.logger.info(
                "request",
                metadata: [
                    "method": "\(request.method)", "path": "\(request.uri)",
                    "status": .stringConvertible(response.status.code),
                ])
            return response
        }

        private func answer(
            _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
        ) async -> Response {
            guard request.method == .get || request.method == .head else {
                return .plain(
                    .methodNotAllowed, "There is only GET here, and HEAD.", headers: [.allow: "GET, HEAD"])
            }
            do {
                return try await next(request, context)
            } catch let error as any HTTPResponseError where error.status == .notFound {
                return .plain(.notFound, "There are /, /mandelbrot.png, /metrics and /healthz here, nothing else.")
            } catch {
                context.logger.error("no answer", metadata: ["error": "\(error)"])
                return .plain(.internalServerError, "The server made a mistake.")
            }
        }
    }
#endif
