// SPDX-License-Identifier: Apache-2.0
#if NIO
    internal import OrderedProducer

    /// A running producer that delivers on a loop, borrowed by one connection after another. The loop's own.
    ///
    /// Whoever lets go of it ends its production: nobody else has a reference.
    final class PipelineLine<Request: Sendable, Response: Sendable> {
        typealias Pipeline = OrderedPipeline<Request, Response>
        typealias Handler = OrderedPipelineHandler<Request, Response>

        private enum Producer {
            case transform(OrderedTransform<Request, Pipeline.Answer, Never>)
            case tasks(OrderedItemProducer<Pipeline.Answer, Never>, @Sendable (Request) async -> Pipeline.Answer)
        }

        private let producer: Producer
        private let seat: Seat

        /// Whose answers these are. Apart from the line: what the producer's consumer captures must not keep the producer.
        ///
        /// Unchecked: it is looked at in the calls that the delivery makes on the loop, and by handlers there. A `NIOLoopBound`
        /// around it costs a look-up of its generic type for each response.
        private final class Seat: @unchecked Sendable {
            var handler: Handler?
        }

        init(work: Pipeline.Work, window: Int, delivery: EventLoopDelivery) throws {
            let configuration = ProducerConfiguration(window: window)
            let seat = Seat()
            let onAnswer: @Sendable (Pipeline.Answer) -> Void = { seat.handler?.deliver($0) }
            let callbacks = LoopLane.Callbacks(afterItems: { seat.handler?.answersDelivered() })
            let turns = delivery.turns
            switch work {
            case .onPool(let pool, let respond):
                let transform = try OrderedTransform<Request, Pipeline.Answer, Never>(
                    pool: pool, configuration: configuration, transform: respond)
                try turns.admit(
                    transform.start(on: turns.queue, keeping: turns, callbacks: callbacks, onItem: onAnswer))
                producer = .transform(transform)
            case .asTasks(let respond):
                let items = try OrderedItemProducer<Pipeline.Answer, Never>(configuration: configuration)
                try turns.admit(items.start(on: turns.queue, keeping: turns, callbacks: callbacks, onItem: onAnswer))
                producer = .tasks(items, respond)
            }
            self.seat = seat
        }

        /// Who gets the answers from here on; nil: nobody.
        var handler: Handler? {
            get { seat.handler }
            set { seat.handler = newValue }
        }

        /// Asks for the answers to all of them, for which there is room; false where production has ended. Never waits.
        func ask(_ requests: ArraySlice<Request>) throws -> Bool {
            switch producer {
            case .transform(let transform):
                if requests.count > 1 { return try transform.produce(contentsOf: requests) == requests.count }
                return try requests.allSatisfy { try isAccepted(transform.tryProduce($0)) }
            case .tasks(let items, let respond):
                return try requests.allSatisfy { request in
                    try isAccepted(items.tryProduceItem(asTask: { await respond(request) }))
                }
            }
        }

        private func isAccepted(_ admission: Admission) -> Bool {
            if case .accepted = admission { return true }
            return false
        }
    }
#endif
