// SPDX-License-Identifier: Apache-2.0
#if Server
    import CoreMetrics
    import NIOConcurrencyHelpers

    /// How an image ended that was begun.
    enum ImageOutcome: String, CaseIterable, CustomStringConvertible {
        case sent
        /// The client went, or the server.
        case abandoned
        /// The client took nothing for too long.
        case stalled
        case failed

        var description: String { rawValue }
    }

    /// What the server counts: each instrument made once, with labels of a bounded number of values.
    final class ServerMetrics: Sendable {
        static let help = [
            "mandelbrot_requests_total": "Requests answered, by route and status.",
            "mandelbrot_images_total": "Images begun, by how they ended.",
            "mandelbrot_images_in_progress": "Images on their way now.",
            "mandelbrot_refusals_total": "Images refused because too many were on their way.",
            "mandelbrot_departures_total": "Clients that left while their image was on its way.",
            "mandelbrot_rows_total": "Rows computed.",
            "mandelbrot_first_piece_seconds": "Time from the request to the first piece of the image being sent.",
            "mandelbrot_image_seconds": "Time from the request to the last piece of an image being sent.",
        ]

        let rows: Counter
        let refusals: Counter
        /// Counted when it is noticed; the image's outcome is, when no thread works for it any more.
        let departures: Counter
        let imagesInProgress: Meter
        let firstPiece: Timer
        let wholeImage: Timer
        let stages: StageMetrics

        private let factory: any MetricsFactory
        private let byOutcome: [ImageOutcome: Counter]
        private let requests = NIOLockedValueBox<[Answer: Counter]>([:])

        private struct Answer: Hashable {
            let route: String
            let status: Int
        }

        init(_ factory: any MetricsFactory) {
            self.factory = factory
            rows = Counter(label: "mandelbrot_rows_total", factory: factory)
            refusals = Counter(label: "mandelbrot_refusals_total", factory: factory)
            departures = Counter(label: "mandelbrot_departures_total", factory: factory)
            imagesInProgress = Meter(label: "mandelbrot_images_in_progress", factory: factory)
            firstPiece = Timer(label: "mandelbrot_first_piece_seconds", factory: factory)
            wholeImage = Timer(label: "mandelbrot_image_seconds", factory: factory)
            stages = StageMetrics(factory)
            byOutcome = Dictionary(
                uniqueKeysWithValues: ImageOutcome.allCases.map { outcome in
                    let dimensions = [("outcome", outcome.rawValue)]
                    return (
                        outcome, Counter(label: "mandelbrot_images_total", dimensions: dimensions, factory: factory)
                    )
                })
        }

        func images(_ outcome: ImageOutcome) -> Counter {
            // All cases are there.
            byOutcome[outcome]!
        }

        /// - Parameter route: Of a bounded number.
        func answered(_ route: String, status: Int) {
            let answer = Answer(route: route, status: status)
            let counter = requests.withLockedValue { requests in
                if let counter = requests[answer] { return counter }
                let counter = Counter(
                    label: "mandelbrot_requests_total", dimensions: [("route", route), ("status", "\(status)")],
                    factory: factory)
                requests[answer] = counter
                return counter
            }
            counter.increment()
        }
    }
#endif
