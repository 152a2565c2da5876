// SPDX-License-Identifier: Apache-2.0
#if Server
    import CoreMetrics
    import NIOConcurrencyHelpers
    import Synchronization

    /// What there is to say of one instrument: samples, the suffix of each one's name, and a label of its own.
    protocol PrometheusInstrument: AnyObject, Sendable {
        var samples: [PrometheusSample] { get }
    }

    struct PrometheusSample {
        var suffix = ""
        /// The upper bound of a histogram's bucket.
        var bucket: String?
        let value: PrometheusValue
    }

    enum PrometheusValue: CustomStringConvertible {
        case count(Int64)
        case number(Double)

        var description: String {
            switch self {
            case .count(let count): "\(count)"
            case .number(let number) where number.isNaN: "NaN"
            case .number(let number) where number.isInfinite: number < 0 ? "-Inf" : "+Inf"
            case .number(let number): "\(number)"
            }
        }
    }

    final class PrometheusCounter: PrometheusInstrument, CounterHandler {
        private let count = Atomic<Int64>(0)

        /// A counter never falls: what is not above 0 is left out.
        func increment(by amount: Int64) {
            if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
        }

        func reset() { count.store(0, ordering: .relaxed) }

        var samples: [PrometheusSample] { [.init(value: .count(count.load(ordering: .relaxed)))] }
    }

    final class PrometheusFloatingPointCounter: PrometheusInstrument, FloatingPointCounterHandler {
        private let sum = NIOLockedValueBox(0.0)

        /// A counter never falls: what is not above 0 is left out.
        func increment(by amount: Double) {
            if amount > 0 { sum.withLockedValue { $0 += amount } }
        }

        func reset() { sum.withLockedValue { $0 = 0 } }

        var samples: [PrometheusSample] { [.init(value: .number(sum.withLockedValue { $0 }))] }
    }

    /// A meter, or a recorder that keeps the last value.
    final class PrometheusGauge: PrometheusInstrument, MeterHandler, RecorderHandler {
        private let value = NIOLockedValueBox(0.0)

        func set(_ value: Int64) { set(Double(value)) }
        func set(_ value: Double) { self.value.withLockedValue { $0 = value } }
        func increment(by amount: Double) { value.withLockedValue { $0 += amount } }
        func decrement(by amount: Double) { value.withLockedValue { $0 -= amount } }
        func record(_ value: Int64) { set(value) }
        func record(_ value: Double) { set(value) }

        var samples: [PrometheusSample] { [.init(value: .number(value.withLockedValue { $0 }))] }
    }

    /// A recorder whose unit nobody knows, so that no buckets could be right: a sum and a count.
    final class PrometheusSummary: PrometheusInstrument, RecorderHandler {
        private let state = NIOLockedValueBox((sum: 0.0, count: Int64(0)))

        func record(_ value: Int64) { record(Double(value)) }

        func record(_ value: Double) {
            state.withLockedValue { state in
                state.sum += value
                state.count += 1
            }
        }

        var samples: [PrometheusSample] {
            let (sum, count) = state.withLockedValue { $0 }
            return [.init(suffix: "_sum", value: .number(sum)), .init(suffix: "_count", value: .count(count))]
        }
    }

    /// A timer: durations in seconds.
    final class PrometheusHistogram: PrometheusInstrument, TimerHandler {
        static let bounds = [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ]

        private struct State {
            /// Of each bucket alone; the last one has no bound.
            var counts = [Int64](repeating: 0, count: bounds.count + 1)
            var sum = 0.0
        }

        private let state = NIOLockedValueBox(State())

        func recordNanoseconds(_ duration: Int64) {
            let seconds = Double(duration) / 1e9
            let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            state.withLockedValue { state in
                state.counts[bucket] += 1
                state.sum += seconds
            }
        }

        var samples: [PrometheusSample] {
            let state = state.withLockedValue { $0 }
            var samples: [PrometheusSample] = []
            var total: Int64 = 0
            for (count, bound) in zip(state.counts, Self.bounds.map { "\($0)" } + ["+Inf"]) {
                total += count
                samples.append(.init(suffix: "_bucket", bucket: bound, value: .count(total)))
            }
            samples.append(.init(suffix: "_sum", value: .number(state.sum)))
            samples.append(.init(suffix: "_count", value: .count(total)))
            return samples
        }
    }
#endif
