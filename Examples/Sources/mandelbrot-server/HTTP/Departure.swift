// SPDX-License-Identifier: Apache-2.0
#if Server
    import NIOConcurrencyHelpers
    import NIOCore

    /// Whether the client of one connection is still there, as far as its side of the connection tells.
    ///
    /// A write finds out too: at the first piece after the connection was reset. Computing until then is what this
    /// saves.
    final class Departure: Sendable {
        private struct State {
            var hasLeft = false
            var onDeparture: (@Sendable () -> Void)?
        }

        private let state = NIOLockedValueBox(State())

        var hasLeft: Bool { state.withLockedValue { $0.hasLeft } }

        /// Calls `body` when the client leaves, at once if it has: until the next call, or `unwatch`.
        func watch(_ body: @escaping @Sendable () -> Void) {
            let hasLeft = state.withLockedValue { state in
                state.onDeparture = body
                return state.hasLeft
            }
            if hasLeft { body() }
        }

        func unwatch() {
            state.withLockedValue { $0.onDeparture = nil }
        }

        fileprivate func leave() {
            let body = state.withLockedValue { state in
                state.hasLeft = true
                return state.onDeparture.take()
            }
            body?()
        }
    }

    /// Sees a client close its side of the connection, for `Departure`.
    ///
    /// A client that has only finished sending looks the same. It is taken for gone while it waits for an image: of the
    /// two, those that leave are the common ones.
    final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = NIOAny

        let departure = Departure()

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { departure.leave() }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            departure.leave()
            context.fireChannelInactive()
        }
    }
#endif
