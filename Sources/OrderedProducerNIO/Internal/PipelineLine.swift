// SPDX-License-Identifier: Apache-2.0
#if NIO
    public import NIOCore
    public import OrderedProducer

    /// A running producer that delivers on a loop, borrowed by one connection after another. The loop's own.
    ///
    /// Whoever lets go of it ends its production: nobody else has a reference. It knows no types, and neither does the
    /// handler: NIO calls a handler through a table, where a generic class is never specialised. What depends on the
    /// types is in two functions that ``OrderedPipeline`` makes where its types are known: one asks, one delivers.
    @usableFromInline
    final class PipelineLine {
        /// Asks for the answers to so many requests, for which there is room; false where production has ended. Never
        /// waits.
        @usableFromInline
        typealias Ask = (_ count: Int, _ requests: inout KeptRequests) throws -> Bool

        private let ask: Ask
        private let producer: any PushProducer
        private let seat: Seat

        /// Whose answers these are. Apart from the line: what the producer's consumer captures must not keep the
        /// producer.
        ///
        /// Unchecked: it is looked at in the calls that the delivery makes on the loop, and by handlers there. A
        /// `NIOLoopBound` around it costs a look-up of its generic type for each response.
        @usableFromInline
        final class Seat: @unchecked Sendable {
            @usableFromInline var handler: OrderedPipelineHandler?
        }

        init(_ make: UntypedPipeline.MakeLine, delivery: EventLoopDelivery) throws {
            seat = Seat()
            (ask, producer) = try make(delivery, seat)
        }

        /// Who gets the answers from here on; nil: nobody.
        var handler: OrderedPipelineHandler? {
            get { seat.handler }
            set { seat.handler = newValue }
        }

        /// Whether answers stay with the producer, and in its window, for the time being.
        var isHeld = false {
            didSet {
                guard isHeld != oldValue else { return }
                if isHeld { producer.pause() } else { producer.resume() }
            }
        }

        /// As ``Ask``.
        func ask(_ count: Int, of requests: inout KeptRequests) throws -> Bool { try ask(count, &requests) }
    }

    extension PipelineLine.Seat {
        @inlinable
        func deliver<Response>(
            _ answer: Result<Response, any Error>, to write: @Sendable (Response, ResponseWriter) -> Void
        ) {
            guard let handler else { return }
            switch answer {
            case .success(let response): write(response, ResponseWriter(connection: handler))
            case .failure(let error): handler.fail(error)
            }
            // It is nobody's any more where this response was the connection's last.
            guard self.handler === handler else { return }
            handler.responseIsWritten()
        }

        @usableFromInline
        var callbacks: LoopLane.Callbacks { LoopLane.Callbacks(afterItems: { self.handler?.answersDelivered() }) }
    }

    /// Takes requests out of what the handler before made of them: NIO has handlers do that.
    @usableFromInline
    final class RequestReader<Request>: ChannelInboundHandler {
        @usableFromInline typealias InboundIn = Request

        @inlinable
        init() {}

        @inlinable
        func next(of requests: inout KeptRequests) -> Request? {
            guard let request = requests.next() else { return nil }
            return unwrapInboundIn(request)
        }
    }
#endif
