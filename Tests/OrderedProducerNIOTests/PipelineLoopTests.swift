// SPDX-License-Identifier: Apache-2.0
#if NIO
    import NIOCore
    import OrderedProducer
    import Testing

    @testable import OrderedProducerNIO

    /// What connections of one loop share: producers that are lent.
    @Suite struct PipelineLoopTests {
        @Test func aDrainedProducerIsLentAgain() async throws {
            try await withLoop { loop in
                try await loop.submit {
                    let part = try PipelineLoop<Int, Int>(work: .asTasks { .success($0) }, window: 4, eventLoop: loop)
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
            var kept = KeptRequests<Int>()
            #expect(kept.isEmpty)
            for request in 0..<5 { kept.append(request) }
            #expect(kept.take(atMost: 2) == [0, 1])
            kept.append(5)
            #expect(kept.count == 4)
            #expect(kept.take(atMost: 3) == [2, 3, 4])
            #expect(kept.take(atMost: .max) == [5])
            #expect(kept.isEmpty)
            #expect(kept.take(atMost: 1) == [])
            kept.append(6)
            kept.removeAll()
            #expect(kept.isEmpty)
        }
    }
#endif
