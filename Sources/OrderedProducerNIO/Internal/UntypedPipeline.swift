// SPDX-License-Identifier: Apache-2.0
#if NIO
    internal import NIOCore
    public import OrderedProducer

    /// What the handlers of an ``OrderedPipeline`` share, whatever its types are.
    @usableFromInline
    final class UntypedPipeline: Sendable {
        /// Makes a running producer that delivers to the seat, and the function that asks it.
        @usableFromInline
        typealias MakeLine =
            @Sendable (EventLoopDelivery, PipelineLine.Seat) throws -> (PipelineLine.Ask, any PushProducer)

        let window: Int
        private let make: MakeLine
        private let loops = Locked(Loops())

        @usableFromInline
        init(window: Int, _ make: @escaping MakeLine) throws {
            guard (1...1 << 30).contains(window) else {
                throw ProducerError.invalidConfiguration("window is \(window); it must be 1 to \(1 << 30)")
            }
            self.window = window
            self.make = make
        }

        @usableFromInline
        func shutDown() {
            for part in loops.withLock({ $0.end() }) {
                part.eventLoop.execute { part.value.end() }
            }
        }

        /// This pipeline's part on the loop of the caller.
        func part(on eventLoop: any EventLoop) throws -> PipelineLoop {
            // One answer for a loop: all its handlers ask on that loop.
            if let part = loops.withLock({ $0.part(on: eventLoop) }) { return part.value }
            let part = try PipelineLoop(make, eventLoop: eventLoop)
            let bound = NIOLoopBound(part, eventLoop: eventLoop)
            if loops.withLock({ $0.add(bound) }) { part.end() }
            return part
        }
    }

    /// The parts of a pipeline, by loop.
    private struct Loops {
        typealias Part = NIOLoopBound<PipelineLoop>

        // A part keeps its loop, so that no other can get its identity.
        private var parts: [ObjectIdentifier: Part] = [:]
        private var hasEnded = false

        func part(on eventLoop: any EventLoop) -> Part? { parts[ObjectIdentifier(eventLoop)] }

        /// Whether the pipeline has ended already.
        mutating func add(_ part: Part) -> Bool {
            if !hasEnded { parts[ObjectIdentifier(part.eventLoop)] = part }
            return hasEnded
        }

        mutating func end() -> [Part] {
            hasEnded = true
            defer { parts = [:] }
            return Array(parts.values)
        }
    }
#endif
