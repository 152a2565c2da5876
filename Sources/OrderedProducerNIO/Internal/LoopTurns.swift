// SPDX-License-Identifier: Apache-2.0
#if NIO
    internal import NIOCore
    public import OrderedProducer
    internal import Synchronization

    /// When an event loop delivers, and whose items.
    ///
    /// The ready queue wakes the loop once for any number of lanes. A turn takes all that are ready, gives each a
    /// quantum of items, and puts those that have more at the end of the line; for them it comes again, as a task of
    /// its own, so that the loop gets to its sockets and timers in between.
    ///
    /// Alive while somebody holds the delivery, or a producer on it, or a turn is on its way. The bell in the core
    /// holds it weakly: a loop that is gone runs no more turns, and would otherwise keep everything for ever.
    @usableFromInline
    package final class LoopTurns: Sendable {
        /// Items of one lane in one turn: enough to pay for a flush and little enough to keep nobody waiting.
        private static let quantum = 64

        private let eventLoop: any EventLoop
        @usableFromInline package let queue: CoreReadyQueue
        /// The loop's own: lanes that are due, in the order in which they became ready.
        private let due: NIOLoopBoundBox<CircularBuffer<LoopLane>>
        private let loopIsGone = Atomic(false)

        init(eventLoop: any EventLoop) throws {
            self.eventLoop = eventLoop
            queue = try CoreReadyQueue(isOnLoop: { eventLoop.inEventLoop })
            due = .makeBoxSendingValue(CircularBuffer(), eventLoop: eventLoop)
            queue.whenReady { [weak self] in self?.schedule(nil) }
        }

        /// A lane was attached: what it has gathered is delivered, and from then on the queue names it.
        @usableFromInline
        package func admit(_ lane: LoopLane) throws {
            schedule(lane)
            // Seen here if the loop refused this very turn; a lane that came too late for that is abandoned here.
            if loopIsGone.load(ordering: .sequentiallyConsistent) {
                queue.abandon(EventLoopError.shutdown)
                throw EventLoopError.shutdown
            }
        }

        /// The loop is woken no more.
        func fallSilent() {
            queue.whenReady {}
        }

        private func schedule(_ lane: LoopLane?) {
            // A loop that is gone was asked once; NIO complains about each time.
            guard !loopIsGone.load(ordering: .relaxed) else { return }
            let ticket = TurnTicket(self)
            eventLoop.execute { ticket.redeem().turn(lane) }
        }

        private func turn(_ admitted: LoopLane?) {
            if let admitted { due.value.append(admitted) }
            while let lane = queue.take() { due.value.append(lane) }
            for _ in 0..<due.value.count {
                let lane = due.value.removeFirst()
                switch lane.deliver(atMost: Self.quantum) {
                case .idle: break
                case .more: due.value.append(lane)
                case .ended: queue.remove(lane)
                }
            }
            if !due.value.isEmpty { schedule(nil) }
        }

        /// The loop has dropped a turn: it is shut down.
        fileprivate func turnWasDropped() {
            loopIsGone.store(true, ordering: .sequentiallyConsistent)
            queue.abandon(EventLoopError.shutdown)
        }
    }

    /// The right to one turn. A loop that shuts down drops its tasks without a word, which shows in the ticket's end.
    private final class TurnTicket: Sendable {
        private let turns: LoopTurns
        private let isRedeemed = Atomic(false)

        init(_ turns: LoopTurns) {
            self.turns = turns
        }

        func redeem() -> LoopTurns {
            isRedeemed.store(true, ordering: .relaxed)
            return turns
        }

        deinit {
            if !isRedeemed.load(ordering: .relaxed) { turns.turnWasDropped() }
        }
    }
#endif
