// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOCore
    import Synchronization

    /// The connection that an image goes out on: whether its client is there, and takes anything.
    final class Connection: Sendable {
        private let channel: any Channel
        private let stall: TimeAmount
        let departure: Departure
        private let stalled = Atomic(false)

        /// Whether the client took nothing for so long that it was cut off.
        var hasStalled: Bool { stalled.load(ordering: .relaxed) }

        /// - Parameter stall: How long a piece may take to get rid of.
        /// - Throws: Where the connection is closed already.
        init(_ channel: any Channel, stall: TimeAmount) async throws {
            self.channel = channel
            self.stall = stall
            departure = try await channel.pipeline.handler(type: DepartureHandler.self).map(\.departure).get()
        }

        /// Writes a piece, and closes the connection where that takes too long.
        nonisolated(nonsending) func write(_ write: () async throws -> Void) async throws {
            let alarm = channel.eventLoop.scheduleTask(in: stall) { [self] in
                stalled.store(true, ordering: .relaxed)
                channel.close(promise: nil)
            }
            defer { alarm.cancel() }
            try await write()
        }
    }
#endif
