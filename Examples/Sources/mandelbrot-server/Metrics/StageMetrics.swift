// SPDX-License-Identifier: Apache-2.0
#if Server
    import CoreMetrics
    import OrderedProducer
    import OrderedProducerObservability

    /// The statistics of the two stages of all images: of rows, which are computed, and of pieces, which are sent.
    ///
    /// A slow reader shows as pieces that are finished and wait; a slow row as a head-of-line stall.
    struct StageMetrics: Sendable {
        let rows: ProducerMetrics
        let pieces: ProducerMetrics

        init(_ factory: any MetricsFactory) {
            rows = ProducerMetrics(name: "rows", pool: "row", factory: factory)
            pieces = ProducerMetrics(name: "pieces", pool: "hand-over", factory: factory)
        }

        /// Brings them up to date. Whoever fetches them is the one that polls: between fetches nothing is read.
        func update() {
            rows.update()
            pieces.update()
        }
    }
#endif
