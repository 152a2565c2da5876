// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird
    import Logging
    import NIOCore

    /// One image's way into its response: sends it, and accounts for how that ended.
    final class ImageDelivery: Sendable {
        private let stream: ImageStream
        private let slot: Slot
        private let connection: Connection
        private let metrics: ServerMetrics
        private let asked = ContinuousClock.now

        init(of stream: ImageStream, slot: Slot, connection: Connection, metrics: ServerMetrics) {
            self.stream = stream
            self.slot = slot
            self.connection = connection
            self.metrics = metrics
        }

        /// Sends the image piece by piece, as fast as the client takes it. Throws where it is not sent whole: the
        /// response has begun, so that the end of the connection is all that can tell the client.
        nonisolated(nonsending) func send(to writer: inout any ResponseBodyWriter, logger: Logger) async throws {
            connection.departure.watch { [stream, metrics] in
                stream.stopProducing()
                metrics.departures.increment()
            }
            metrics.imagesInProgress.increment()
            stream.add(to: metrics.stages)
            defer {
                stream.remove(from: metrics.stages)
                connection.departure.unwatch()
                metrics.imagesInProgress.decrement()
                slot.release()
            }
            var progress = Progress()
            do {
                try await stream.send { piece in
                    try await connection.write { try await writer.write(piece) }
                    progress.wrote(piece.readableBytes, since: asked)
                }
                account(.sent, progress, logger)
            } catch {
                account(outcome(of: error), progress, logger, error: error)
                throw error
            }
        }

        private struct Progress {
            var bytes = 0
            /// Until the first piece was on its way.
            var first: Duration?

            mutating func wrote(_ count: Int, since start: ContinuousClock.Instant) {
                if first == nil { first = .now - start }
                bytes += count
            }
        }

        private func outcome(of error: any Error) -> ImageOutcome {
            if connection.hasStalled { return .stalled }
            if connection.departure.hasLeft || error is CancellationError { return .abandoned }
            return .failed
        }

        private func account(
            _ outcome: ImageOutcome, _ progress: Progress, _ logger: Logger, error: (any Error)? = nil
        ) {
            let duration = ContinuousClock.now - asked
            metrics.images(outcome).increment()
            if let first = progress.first { metrics.firstPiece.recordNanoseconds(first.nanoseconds) }
            if outcome == .sent { metrics.wholeImage.recordNanoseconds(duration.nanoseconds) }
            var metadata: Logger.Metadata = [
                "outcome": "\(outcome)",
                "bytes": .stringConvertible(progress.bytes),
                "rows": .stringConvertible(stream.rowsEncoded),
                "first_ms": .stringConvertible((progress.first ?? duration).milliseconds),
                "ms": .stringConvertible(duration.milliseconds),
            ]
            if outcome == .failed, let error { metadata["error"] = "\(error)" }
            logger.log(level: outcome == .failed ? .error : .info, "image", metadata: metadata)
        }
    }

    extension Duration {
        fileprivate var nanoseconds: Int64 {
            components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
        }

        fileprivate var milliseconds: Double { Double(nanoseconds / 1000) / 1000 }
    }
#endif
