// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import OrderedProducer

    @testable import OrderedProducerNIO

    /// Producers that make nothing: a test sees what is asked of them and answers itself, on the loop.
    final class FakeLines: Sendable {
        enum Note: Equatable, Sendable {
            case made, ask(Int), pause, resume, gone
        }

        let log = Log<Note>()
        private let seats = Guarded<[PipelineLine.Seat]>([])
        private let answered = Guarded(0)
        private let asked = Guarded(0)
        private let most: Int

        /// Once `most` requests were taken they say that production has ended.
        init(takingAtMost most: Int = .max) { self.most = most }

        func pipeline(window: Int) throws -> UntypedPipeline {
            try UntypedPipeline(window: window) { [self] _, seat in
                log.add(.made)
                seats.with { $0.append(seat) }
                let reader = RequestReader<Job>()
                let ask: PipelineLine.Ask = { [log, asked, most] count, requests in
                    log.add(.ask(count))
                    for _ in 0..<count where reader.next(of: &requests) == nil { return false }
                    return asked.with { asked in
                        asked += count
                        return asked <= most
                    }
                }
                return (ask, FakeProducer(log))
            }
        }

        /// What has been asked so far.
        var asks: [Int] { log.entries.compactMap { if case .ask(let count) = $0 { count } else { nil } } }

        /// Answers with the next numbers, one after the other.
        func answer(_ count: Int, on line: Int = 0) {
            let seat = seats.with { $0[line] }
            for _ in 0..<count {
                let number = answered.with { answered in
                    defer { answered += 1 }
                    return answered
                }
                seat.deliver(.success(number), to: { $1.write($0) })
            }
        }

        /// As the delivery does behind some answers.
        func answersAreDelivered(on line: Int = 0) {
            seats.with { $0[line] }.handler?.answersDelivered()
        }
    }

    private final class FakeProducer: PushProducer {
        private let log: Log<FakeLines.Note>

        init(_ log: Log<FakeLines.Note>) { self.log = log }

        deinit { log.add(.gone) }

        func pause() { log.add(.pause) }
        func resume() { log.add(.resume) }
        func stopProducing() {}
    }
#endif
