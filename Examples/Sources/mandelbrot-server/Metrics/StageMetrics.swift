// SPDX-License-Identifier: Apache-2.0
#if Server
    import CoreMetrics
    import OrderedProducer
    import OrderedProducerObservability

    /// The statistics of the two stages of all images: of strips of rows, which are computed, and of pieces, which are
    /// sent.
    ///
    /// A slow reader shows as pieces that are finished and wait; a slow strip as a head-of-line stall.
    struct StageMetrics: Sendable {
        let strips: ProducerMetrics
        let pieces: ProducerMetrics

        init(_ factory: any MetricsFactory) {
            strips = ProducerMetrics(name: "strips", pool: "row", factory: factory)
            pieces = ProducerMetrics(name: "pieces", pool: "hand-over", factory: factory)
        }

        /// Brings them up to date. Whoever fetches them is the one that polls: between fetches nothing is read.
        func update() {
            strips.update()
            pieces.update()
        }
    }
#endif
