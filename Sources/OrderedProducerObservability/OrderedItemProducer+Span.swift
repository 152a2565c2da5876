// SPDX-License-Identifier: Apache-2.0
#if Tracing
    public import OrderedProducer
    public import Tracing

    /// Forms that make a span of each item: from where its function starts to where it ends, as a child of the
    /// caller's. The span's context is current inside the item; its attribute `ordered_producer.sequence` is the item's
    /// sequence; what the item throws is recorded and sets its status. An item that does not run has none.
    extension OrderedItemProducer {
        /// As `produceItem(_:)`, with a span of the item.
        ///
        /// ```swift
        /// guard try await rows.produceItem(span: "render row", { try render(row) }) != nil else { break }
        /// ```
        ///
        /// - Parameters:
        ///   - span: The span's name: one for all items of a kind, since backends group by it.
        ///   - context: The context of the span's parent.
        ///   - tracer: Who makes the span; `nil`: `InstrumentationSystem.tracer`.
        ///   - make: Makes the item.
        public nonisolated(nonsending) func produceItem(
            span: String, context: ServiceContext? = .current, tracer: (any Tracer)? = nil,
            _ make: @escaping @Sendable () throws -> Item
        ) async throws -> UInt64? {
            let span = ItemSpan(name: span, context: context, tracer: tracer)
            return span.accepted(try await produceItem { () throws -> Item in try span.run(make) })
        }

        /// As `produceItem(_:)` for an async item, with a span of the item.
        public nonisolated(nonsending) func produceItem(
            span: String, context: ServiceContext? = .current, tracer: (any Tracer)? = nil,
            _ make: @escaping @Sendable () async throws -> Item
        ) async throws -> UInt64? {
            let span = ItemSpan(name: span, context: context, tracer: tracer)
            return span.accepted(try await produceItem { () async throws -> Item in try await span.run(make) })
        }

        /// As the blocking `produceItem(_:)`, with a span of the item.
        @available(*, noasync, message: "use 'await produceItem' here: this form blocks the thread")
        public func produceItem(
            span: String, context: ServiceContext? = .current, tracer: (any Tracer)? = nil,
            _ make: @escaping @Sendable () throws -> Item
        ) throws -> UInt64? {
            let span = ItemSpan(name: span, context: context, tracer: tracer)
            return span.accepted(try produceItem { try span.run(make) })
        }

        /// As `tryProduceItem(_:)`, with a span of the item.
        public func tryProduceItem(
            span: String, context: ServiceContext? = .current, tracer: (any Tracer)? = nil,
            _ make: @escaping @Sendable () throws -> Item
        ) throws -> Admission {
            let span = ItemSpan(name: span, context: context, tracer: tracer)
            let admission = try tryProduceItem { try span.run(make) }
            if case .accepted(let sequence) = admission { span.accepted(sequence) }
            return admission
        }
    }
#endif
