// SPDX-License-Identifier: Apache-2.0
#if Server
    import CoreMetrics
    import NIOConcurrencyHelpers

    /// Metrics for Prometheus to fetch: a factory for swift-metrics, and their text in format 0.0.4.
    ///
    /// An instrument with the label and dimensions of an earlier one is that one. Names are made of labels by replacing
    /// what Prometheus does not allow by `_`. Where one name is asked for in two kinds, the later gets its kind as a
    /// suffix.
    final class PrometheusRegistry: MetricsFactory {
        static let contentType = "text/plain; version=0.0.4; charset=utf-8"

        private enum Kind: String {
            case counter, gauge, summary, histogram
        }

        private struct Family {
            let kind: Kind
            /// By their labels, as written between braces.
            var instruments: [String: any PrometheusInstrument] = [:]
        }

        private let families = NIOLockedValueBox<[String: Family]>([:])
        private let help: [String: String]

        /// - Parameter help: What each metric means, by name.
        init(help: [String: String] = [:]) { self.help = help }

        // MARK: MetricsFactory

        func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
            instrument(.counter, label, dimensions, make: PrometheusCounter.init)
        }

        func makeFloatingPointCounter(
            label: String, dimensions: [(String, String)]
        ) -> any FloatingPointCounterHandler {
            instrument(.counter, label, dimensions, make: PrometheusFloatingPointCounter.init)
        }

        func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
            instrument(.gauge, label, dimensions, make: PrometheusGauge.init)
        }

        func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
            aggregate
                ? instrument(.summary, label, dimensions, make: PrometheusSummary.init) as any RecorderHandler
                : instrument(.gauge, label, dimensions, make: PrometheusGauge.init)
        }

        func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
            instrument(.histogram, label, dimensions, make: PrometheusHistogram.init)
        }

        func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
        func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
        func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
        func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
        func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

        // MARK: Text

        /// All metrics as they are now, sorted by name.
        var text: String {
            let families = families.withLockedValue { $0 }
            var text = ""
            for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.instruments.isEmpty {
                if let help = help[name] { text += "# HELP \(name) \(PrometheusText.help(help))\n" }
                text += "# TYPE \(name) \(family.kind.rawValue)\n"
                for (labels, instrument) in family.instruments.sorted(by: { $0.key < $1.key }) {
                    for sample in instrument.samples {
                        let all = [labels, sample.bucket.map { "le=\"\($0)\"" } ?? ""].filter { !$0.isEmpty }
                        let braces = all.isEmpty ? "" : "{\(all.joined(separator: ","))}"
                        text += "\(name)\(sample.suffix)\(braces) \(sample.value)\n"
                    }
                }
            }
            return text
        }

        // MARK: Instruments

        private func instrument<Instrument: PrometheusInstrument>(
            _ kind: Kind, _ label: String, _ dimensions: [(String, String)], make: () -> Instrument
        ) -> Instrument {
            let labels = PrometheusText.labels(dimensions)
            let plain = PrometheusText.name(label)
            return families.withLockedValue { families in
                // A counter of floats and one of integers have one kind, and cannot be one instrument either.
                for name in [plain, "\(plain)_\(kind.rawValue)", "\(plain)_\(Instrument.self)"] {
                    guard families[name, default: Family(kind: kind)].kind == kind else { continue }
                    guard let existing = families[name]?.instruments[labels] else {
                        let made = make()
                        families[name, default: Family(kind: kind)].instruments[labels] = made
                        return made
                    }
                    if let existing = existing as? Instrument { return existing }
                }
                // Counted, and shown nowhere: three names were all taken by something else.
                return make()
            }
        }

        private func remove(_ handler: any AnyObject & Sendable) {
            families.withLockedValue { families in
                for (name, family) in families {
                    for (labels, instrument) in family.instruments where instrument === handler {
                        families[name]?.instruments[labels] = nil
                    }
                }
            }
        }
    }
#endif
