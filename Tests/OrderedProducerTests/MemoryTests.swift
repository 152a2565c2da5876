// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
    import Glibc
    import Testing

    @testable import OrderedProducer

    /// Each way through the library gives its memory back, and touches none that is not its own: in a process of its
    /// own, where nobody else allocates, and where what was freed holds no address.
    @Suite(.endsWithin(minutes: 2)) struct MemoryTests {
        @Test func nothingStaysAllocated() async {
            await #expect(processExitsWith: .success) {
                Heap.overwriteWhatIsFreed()
                for (name, scenario) in Scenario.all {
                    let growth = try await Scenario.growth(of: scenario)
                    // A thing that is left behind each time is of 16 bytes at least.
                    #expect(growth < Scenario.rounds * 16, "\(name)")
                }
            }
        }
    }

    /// What `malloc.h` declares, which is not in the module.
    private enum Heap {
        private typealias Options = @convention(c) (Int32, Int32) -> Int32
        private typealias Info = @convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32

        static func overwriteWhatIsFreed() {
            let perturb: Int32 = -6
            _ = unsafe unsafeBitCast(dlsym(nil, "mallopt")!, to: Options.self)(perturb, 0xA5)
        }

        /// Bytes in use.
        static func used() -> Int {
            var text: UnsafeMutablePointer<CChar>?
            var length = 0
            let stream = unsafe open_memstream(&text, &length)!
            _ = unsafe unsafeBitCast(dlsym(nil, "malloc_info")!, to: Info.self)(0, stream)
            unsafe fclose(stream)
            defer { unsafe free(text) }
            // Of each kind the last is the sum.
            var sizes: [Substring: Int] = [:]
            for line in unsafe String(cString: text!).split(separator: "\n") {
                let words = line.split(separator: "\"")
                guard line.hasPrefix("<total ") || line.hasPrefix("<system ") else { continue }
                sizes[words[1]] = Int(words[words.count - 2])
            }
            return sizes["current"]! + sizes["mmap"]! - sizes["fast"]! - sizes["rest"]!
        }
    }

    private enum Scenario {
        static let rounds = 100

        static let all: [(String, @Sendable () async throws -> Void)] = [
            ("locks and gates", locksAndGates), ("consumers", consumers), ("waits", waits),
            ("cancelled waits", cancelledWaits), ("maps", maps),
        ]

        /// Bytes that as many rounds leave behind, the least of several times: a cache may grow once.
        static func growth(of scenario: @Sendable () async throws -> Void) async throws -> Int {
            var least = Int.max
            for _ in 0..<4 {
                let before = allocated()
                for _ in 0..<rounds { try await scenario() }
                least = min(least, allocated() - before)
            }
            return least
        }

        private static func allocated() -> Int { Heap.used() }

        private static func locksAndGates() {
            let lock = Locked(0)
            let gate = ThreadGate()
            gate.open()
            gate.wait()
            lock.withLock { $0 += 1 }
        }

        private static func consumers() async throws {
            let thread = try OrderedItemProducer<Int, Int>()
            try await thread.start { $0.reduce(0, +) }
            #expect(throws: ProducerError.alreadyStarted) { try thread.start(onItem: { _ in }) }
            _ = try await thread.produceItem { 1 }
            _ = try await thread.produceItem { () async in 2 }
            #expect(try await thread.stop() == 3)
            #expect(try await thread.produceItem { 1 } == nil)
            let sink = try OrderedTransform<Int, Int, Never> { $0 }
            try sink.start(onItem: { _ in })
            #expect(try await sink.produce(contentsOf: 0..<10) == 10)
            _ = try await sink.stop()
            let sequence = try OrderedItemProducer<Int, Never>()
            let items = try sequence.items()
            for value in 0..<3 { _ = try await sequence.produceItem { value } }
            sequence.finish()
            var sum = 0
            for try await item in items { sum += item }
            #expect(sum == 3)
        }

        private static func waits() async throws {
            let producer = try OrderedItemProducer<Int, Int>(configuration: .init(window: 1))
            let gate = Gate()
            _ = try await producer.produceItem {
                gate.wait()
                return 1
            }
            let served = Task.immediate { try await producer.produceItem { 2 } }
            let cancelled = Task.immediate { try await producer.produceItem { 3 } }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            gate.open()
            try await producer.start { $0.reduce(0, +) }
            #expect(try await served.value != nil)
            #expect(try await producer.stop() == 3)
        }

        private final class Box: Sendable {}

        /// The next one of these would lie in memory that is not its own.
        private struct Boxes: Sendable {
            let one = Box()
            let two = Box()
            let three = Box()
        }

        private struct Large: Sendable {
            var words = (0, 0, 0, 0, 0, 0, 0, 0)
        }

        private static func cancelledWaits() async throws {
            var configuration = ProducerConfiguration(window: 1)
            configuration.allowsDeadlines = true
            let producer = try OrderedItemProducer<Large, Never>(configuration: configuration)
            let transform = try OrderedTransform<Boxes, Large, Never>(configuration: configuration) { _ in Large() }
            let boxes = Boxes()
            // Nobody consumes, so that the window stays full.
            _ = try await producer.produceItem { Large() }
            _ = try await transform.produce(boxes)
            let waiting: [Task<Void, any Error>] = [
                Task.immediate { _ = try await producer.produceItem { withExtendedLifetime(boxes) { Large() } } },
                Task.immediate {
                    _ = try await producer.produceItem(within: .seconds(600)) {
                        withExtendedLifetime(boxes) { Large() }
                    }
                },
                Task.immediate { _ = try await producer.produceItem { () async in Large() } },
                Task.immediate { _ = try await transform.produce(boxes) },
                Task.immediate { _ = try await transform.produce(contentsOf: [boxes, boxes]) },
            ]
            for task in waiting {
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }

        private static func maps() async throws {
            var sum = 0
            for try await item in (0..<5).mapInOrder({ $0 }) { sum += item }
            for try await item in (0..<5).mapInOrder(width: 2, { value async in value }) { sum += item }
            for try await item in AnyIterator((0..<5).makeIterator()).mapInOrder({ $0 }) { sum += item }
            #expect(sum == 30)
        }
    }
#endif
