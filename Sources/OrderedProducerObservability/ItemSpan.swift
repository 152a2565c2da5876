// SPDX-License-Identifier: Apache-2.0
#if Tracing
    internal import OrderedProducer
    internal import Tracing

    /// The span of one item, which starts and ends where the item does and learns the item's sequence where it is asked
    /// for.
    ///
    /// Either may come first: an item may be through before its caller hears that it was accepted. Whoever comes second
    /// ends the span, with the time at which the item ended.
    final class ItemSpan: Sendable {
        private enum State {
            case open
            case accepted(UInt64)
            case finished(any Span, DefaultTracerClock.Timestamp)
        }

        private let name: String
        private let context: ServiceContext
        private let tracer: any Tracer
        private let state = Locked(State.open)

        init(name: String, context: ServiceContext?, tracer: (any Tracer)?) {
            self.name = name
            self.context = context ?? .topLevel
            // Asked here, where the caller's task-local tracer is.
            self.tracer = tracer ?? InstrumentationSystem.tracer
        }

        /// Gives what it was given.
        @discardableResult
        func accepted(_ sequence: UInt64?) -> UInt64? {
            guard let sequence else { return nil }
            let finished = state.withLock { state -> (any Span, DefaultTracerClock.Timestamp)? in
                if case .finished(let span, let end) = state { return (span, end) }
                state = .accepted(sequence)
                return nil
            }
            if let (span, end) = finished { Self.end(span, sequence, at: end) }
            return sequence
        }

        func run<Item>(_ make: () throws -> Item) throws -> Item {
            let span = tracer.startSpan(name, context: context)
            defer { finished(span) }
            do {
                return try ServiceContext.$current.withValue(span.context) { try make() }
            } catch {
                Self.record(error, span)
                throw error
            }
        }

        func run<Item>(_ make: () async throws -> Item) async throws -> Item {
            let span = tracer.startSpan(name, context: context)
            defer { finished(span) }
            do {
                return try await ServiceContext.$current.withValue(span.context) { try await make() }
            } catch {
                Self.record(error, span)
                throw error
            }
        }

        private func finished(_ span: any Span) {
            let end = DefaultTracerClock.now
            let sequence = state.withLock { state -> UInt64? in
                if case .accepted(let sequence) = state { return sequence }
                state = .finished(span, end)
                return nil
            }
            if let sequence { Self.end(span, sequence, at: end) }
        }

        private static func record(_ error: any Error, _ span: any Span) {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
        }

        private static func end(_ span: any Span, _ sequence: UInt64, at end: DefaultTracerClock.Timestamp) {
            span.attributes["ordered_producer.sequence"] = Int64(clamping: sequence)
            span.end(at: end)
        }
    }
#endif
