// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import NIOPosix

    /// A client that sends text and notes what it gets.
    struct TextClient: Sendable {
        fileprivate enum Note: Equatable, Sendable {
            case text(String), closed
        }

        private let channel: any Channel
        private let log: Log<Note>

        init(to server: SocketAddress, on group: any EventLoopGroup) async throws {
            let log = Log<Note>()
            self.log = log
            channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Receiver(log))
                    }
                }
                .connect(to: server).get()
        }

        func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }
        func close() async throws { try await channel.close() }

        /// All that has come, as soon as it contains `text`, or where the server closes, or the test's time is over.
        @discardableResult
        func received(until text: String) async -> String {
            Self.text(of: await log.until { $0.contains(.closed) || Self.text(of: $0).contains(text) })
        }

        /// All that has come when the server closes.
        func receivedUntilClosed() async -> String { Self.text(of: await log.until { $0.contains(.closed) }) }

        private static func text(of notes: [Note]) -> String {
            notes.reduce(into: "") { if case .text(let more) = $1 { $0 += more } }
        }

        private final class Receiver: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            private let log: Log<Note>

            init(_ log: Log<Note>) { self.log = log }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                log.add(.text(String(buffer: unwrapInboundIn(data))))
            }

            func channelInactive(context: ChannelHandlerContext) { log.add(.closed) }
        }
    }

#endif
