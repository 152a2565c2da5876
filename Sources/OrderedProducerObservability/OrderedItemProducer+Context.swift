// SPDX-License-Identifier: Apache-2.0
#if Tracing
    public import OrderedProducer
    public import Tracing

    /// A synchronous item runs outside any task and does not see its caller's task-local values. These forms bind the
    /// caller's `ServiceContext` again: some 120 ns an item, and no span.
    extension OrderedItemProducer {
        /// As `produceItem(_:)`, with `context` as the current `ServiceContext` inside the item.
        ///
        /// ```swift
        /// guard try await rows.produceItem(context: .current, { try render(row) }) != nil else { break }
        /// ```
        @inlinable
        public nonisolated(nonsending) func produceItem(
            context: ServiceContext?, _ make: @escaping @Sendable () throws -> Item
        ) async throws -> UInt64? {
            try await produceItem { () throws -> Item in
                try ServiceContext.$current.withValue(context) { try make() }
            }
        }

        /// As `produceItem(_:)` for an async item, with `context` instead of the caller's, which it inherits anyway.
        @inlinable
        public nonisolated(nonsending) func produceItem(
            context: ServiceContext?, _ make: @escaping @Sendable () async throws -> Item
        ) async throws -> UInt64? {
            try await produceItem { () async throws -> Item in
                try await ServiceContext.$current.withValue(context) { try await make() }
            }
        }

        /// As the blocking `produceItem(_:)`, with `context` as the current `ServiceContext` inside the item.
        @available(*, noasync, message: "use 'await produceItem' here: this form blocks the thread")
        @inlinable
        public func produceItem(
            context: ServiceContext?, _ make: @escaping @Sendable () throws -> Item
        ) throws -> UInt64? {
            try produceItem { try ServiceContext.$current.withValue(context) { try make() } }
        }

        /// As `tryProduceItem(_:)`, with `context` as the current `ServiceContext` inside the item.
        @inlinable
        public func tryProduceItem(
            context: ServiceContext?, _ make: @escaping @Sendable () throws -> Item
        ) throws -> Admission {
            try tryProduceItem { try ServiceContext.$current.withValue(context) { try make() } }
        }
    }
#endif
