// SPDX-License-Identifier: Apache-2.0
#if NIO
    internal import NIOCore
    internal import OrderedProducer

    /// An ``OrderedPipeline``'s part on one loop, and that loop's own: its delivery, and producers that nobody uses
    /// now.
    final class PipelineLoop {
        /// Enough that connections that come and go do not make producers all the time; some KiB each.
        private static let spareAtMost = 128

        private let make: UntypedPipeline.MakeLine
        private let delivery: EventLoopDelivery
        private var spare: [PipelineLine] = []
        private(set) var hasEnded = false

        init(_ make: @escaping UntypedPipeline.MakeLine, eventLoop: any EventLoop) throws {
            self.make = make
            delivery = try EventLoopDelivery(eventLoop: eventLoop)
        }

        // Nobody is left to see how the spare producers end, and the loop is often gone by now.
        deinit { delivery.turns.fallSilent() }

        /// A running producer with nothing outstanding.
        func borrow() throws -> PipelineLine {
            try spare.popLast() ?? PipelineLine(make, delivery: delivery)
        }

        /// Takes back a producer with nothing outstanding.
        func giveBack(_ line: PipelineLine) {
            if !hasEnded, spare.count < Self.spareAtMost { spare.append(line) }
        }

        /// Nothing is borrowed any more, and nothing kept.
        func end() {
            hasEnded = true
            spare = []
        }
    }
#endif
