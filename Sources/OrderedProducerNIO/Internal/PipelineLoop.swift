// SPDX-License-Identifier: Apache-2.0
#if NIO
    internal import NIOCore
    internal import OrderedProducer

    /// An ``OrderedPipeline``'s part on one loop, and that loop's own: its delivery, and producers that nobody uses now.
    final class PipelineLoop<Request: Sendable, Response: Sendable> {
        typealias Line = PipelineLine<Request, Response>

        /// Enough that connections that come and go do not make producers all the time; some KiB each.
        private static var spareAtMost: Int { 128 }

        private let work: OrderedPipeline<Request, Response>.Work
        private let window: Int
        private let delivery: EventLoopDelivery
        private var spare: [Line] = []
        private(set) var hasEnded = false

        init(work: OrderedPipeline<Request, Response>.Work, window: Int, eventLoop: any EventLoop) throws {
            self.work = work
            self.window = window
            delivery = try EventLoopDelivery(eventLoop: eventLoop)
        }

        // Nobody is left to see how the spare producers end, and the loop is often gone by now.
        deinit { delivery.turns.fallSilent() }

        /// A running producer with nothing outstanding.
        func borrow() throws -> Line {
            try spare.popLast() ?? Line(work: work, window: window, delivery: delivery)
        }

        /// Takes back a producer with nothing outstanding.
        func giveBack(_ line: Line) {
            if !hasEnded, spare.count < Self.spareAtMost { spare.append(line) }
        }

        /// Nothing is borrowed any more, and nothing kept.
        func end() {
            hasEnded = true
            spare = []
        }
    }
#endif
