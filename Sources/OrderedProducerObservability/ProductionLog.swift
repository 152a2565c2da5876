// SPDX-License-Identifier: Apache-2.0
#if Logging
    public import Logging
    public import OrderedProducer

    extension OrderedItemProducer {
        /// As `stop()`, and logs in one line how production ended; never anything per item.
        ///
        /// The level is `error` where a failure ended production, `warning` where items were skipped or discarded, else
        /// `debug`. The metadata is `producer` (the given name), `requested`, `delivered`, `failed`, `skipped`,
        /// `discarded`, `overtaken` where there were such, `longest_stall_ms` with `longest_stall_sequence` where there
        /// was one, and on a failure `error`, cut to 256 characters, with `sequence` where it is an item's.
        ///
        /// - Parameters:
        ///   - logger: Where to.
        ///   - name: What the production is called in the log.
        /// - Returns: What `stop()` returns.
        /// - Throws: What `stop()` throws.
        public nonisolated(nonsending) func stop(loggingTo logger: Logger, name: String) async throws -> Output? {
            let result: Result<Output?, any Error>
            do {
                result = .success(try await stop())
            } catch ProducerError.wouldDeadlock {
                throw ProducerError.wouldDeadlock  // nothing has ended
            } catch {
                result = .failure(error)
            }
            EndOfProduction(name: name, statistics: statistics, error: result.failure).log(to: logger)
            return try result.get()
        }
    }

    extension OrderedTransform {
        /// As `OrderedItemProducer.stop(loggingTo:name:)`.
        public nonisolated(nonsending) func stop(loggingTo logger: Logger, name: String) async throws -> Output? {
            let result: Result<Output?, any Error>
            do {
                result = .success(try await stop())
            } catch ProducerError.wouldDeadlock {
                throw ProducerError.wouldDeadlock  // nothing has ended
            } catch {
                result = .failure(error)
            }
            EndOfProduction(name: name, statistics: statistics, error: result.failure).log(to: logger)
            return try result.get()
        }
    }

    extension Result {
        fileprivate var failure: Failure? {
            if case .failure(let failure) = self { failure } else { nil }
        }
    }

    /// One line about one production.
    struct EndOfProduction {
        let name: String
        let statistics: ProducerStatistics
        let error: (any Error)?

        private static let longestDescription = 256

        func log(to logger: Logger) {
            if error != nil {
                logger.error("production failed", metadata: metadata)
            } else if statistics.skipped > 0 || statistics.discarded > 0 {
                logger.warning("production ended without some of its items", metadata: metadata)
            } else {
                logger.debug("production ended", metadata: metadata)
            }
        }

        private var metadata: Logger.Metadata {
            var metadata: Logger.Metadata = [
                "producer": "\(name)",
                "requested": "\(statistics.requested)",
                "delivered": "\(statistics.delivered)",
                "failed": "\(statistics.failed)",
                "skipped": "\(statistics.skipped)",
                "discarded": "\(statistics.discarded)",
            ]
            if statistics.overtaken > 0 { metadata["overtaken"] = "\(statistics.overtaken)" }
            if let sequence = statistics.longestStallSequence {
                metadata["longest_stall_ms"] = "\(statistics.longestStall / 1_000_000)"
                metadata["longest_stall_sequence"] = "\(sequence)"
            }
            if let failure = error as? ItemFailure {
                metadata["sequence"] = "\(failure.sequence)"
                metadata["error"] = "\(Self.cut(failure.underlying))"
            } else if let error {
                metadata["error"] = "\(Self.cut(error))"
            }
            return metadata
        }

        private static func cut(_ error: any Error) -> String {
            let description = "\(error)"
            return description.count <= longestDescription ? description : description.prefix(longestDescription) + "…"
        }
    }
#endif
