// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import OrderedProducer
    import Testing

    @testable import OrderedProducerNIO

    /// What connections of one loop share: producers that are lent.
    @Suite(.timeLimit(.minutes(5))) struct PipelineLoopTests {
        @Test func aDrainedProducerIsLentAgain() async throws {
            try await withLoop { loop in
                try await loop.submit {
                    let part = try PipelineLoop(
                        { _, _ in ({ _, _ in true }, try OrderedItemProducer<Int, Never>()) }, eventLoop: loop)
                    let first = try part.borrow()
                    let second = try part.borrow()
                    #expect(first !== second)
                    part.giveBack(first)
                    #expect(try part.borrow() === first)
                    part.giveBack(second)
                    part.end()
                    #expect(try part.borrow() !== second)
                }.get()
            }
        }

        @Test func keptRequestsComeOutInTheirOrder() {
            let reader = RequestReader<Int>()
            var kept = KeptRequests()
            #expect(kept.isEmpty)
            for request in 0..<5 { kept.append(NIOAny(request)) }
            #expect((0..<2).map { _ in reader.next(of: &kept) } == [0, 1])
            kept.append(NIOAny(5))
            #expect(kept.count == 4)
            #expect((0..<5).map { _ in reader.next(of: &kept) } == [2, 3, 4, 5, nil])
            #expect(kept.isEmpty)
            kept.append(NIOAny(6))
            kept.removeAll()
            #expect(kept.isEmpty)
            #expect(reader.next(of: &kept) == nil)
        }
    }
#endif
