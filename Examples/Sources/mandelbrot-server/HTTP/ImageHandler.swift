// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird
    import Logging
    import NIOCore
    import Synchronization

    /// Answers `/mandelbrot.png`.
    final class ImageHandler: Sendable {
        private let limits: Limits
        private let pools: Pools
        private let metrics: ServerMetrics
        private let slots: Slots
        private let row: Pools.Row

        /// - Parameter row: Computes a row; tests give their own.
        init(
            limits: Limits, pools: Pools, metrics: ServerMetrics,
            row: @escaping Pools.Row = { image, y in image.row(y) }
        ) {
            self.limits = limits
            self.pools = pools
            self.metrics = metrics
            slots = Slots(limits.images)
            self.row = { image, y in
                defer { metrics.rows.increment() }
                return row(image, y)
            }
        }

        func respond(to request: Request, context: ServerContext) async -> Response {
            let image: Mandelbrot
            do {
                image = try ImageQuery(of: request.uri).mandelbrot(limits: limits)
            } catch {
                return .plain(.badRequest, "\(error)")
            }
            guard request.method != .head else { return Self.response(body: .init()) }
            guard let slot = slots.take() else {
                metrics.refusals.increment()
                return busy("\(limits.images) images are on their way, no more are taken at once")
            }
            let delivery: ImageDelivery
            do {
                delivery = try await ImageDelivery(
                    of: ImageStream(image, limits: limits, pools: pools, row: row), slot: slot,
                    connection: Connection(context.channel, stall: limits.stall), metrics: metrics)
            } catch {
                // The departure of the client aside, this is a thread or memory that cannot be had now.
                context.logger.error("no image", metadata: ["error": "\(error)"])
                metrics.refusals.increment()
                return busy("There is no room for another image")
            }
            return Self.response(
                body: .init { writer in
                    try await delivery.send(to: &writer, logger: context.logger)
                    try await writer.finish(nil)
                })
        }

        private static func response(body: ResponseBody) -> Response {
            Response(
                status: .ok, headers: [.contentType: "image/png", .cacheControl: "public, max-age=86400"], body: body)
        }

        private func busy(_ why: String) -> Response {
            .plain(.serviceUnavailable, "\(why); try again in a second.", headers: [.retryAfter: "1"])
        }
    }
#endif
