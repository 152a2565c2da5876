// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird

    /// Who answers what.
    enum Routes {
        static func router(
            images: ImageHandler, registry: PrometheusRegistry, metrics: ServerMetrics
        ) -> Router<ServerContext> {
            let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
            router.add(middleware: RequestLog(metrics: metrics))
            router.get("/") { _, _ in
                Response.text(.ok, page, type: "text/html; charset=utf-8", headers: [.contentSecurityPolicy: pageMay])
            }
            router.get("/mandelbrot.png") { request, context in
                await images.respond(to: request, context: context)
            }
            router.get("/metrics") { _, _ in
                metrics.stages.update()
                return Response.text(.ok, registry.text, type: PrometheusRegistry.contentType)
            }
            router.get("/healthz") { _, _ in Response.plain(.ok, "ok") }
            return router
        }

        private static let page = String(decoding: PackageResources.page_html, as: UTF8.self)
        /// Nothing from elsewhere.
        private static let pageMay =
            "default-src 'self'; img-src 'self' data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    }
#endif
