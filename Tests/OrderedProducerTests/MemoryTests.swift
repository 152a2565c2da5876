// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
    import Glibc
    import Testing

    @testable import OrderedProducer

    /// In processes of their own, where nobody else allocates.
    @Suite(.endsWithin(minutes: 1)) struct MemoryTests {
        @Test func locksAndGatesGiveTheirsBack() async {
            await #expect(processExitsWith: .success) {
                var least = Int.max
                // The first time something is set up.
                for _ in 0..<3 {
                    let before = Heap.used()
                    for _ in 0..<1000 { useLockAndGate() }
                    least = min(least, Heap.used() - before)
                }
                #expect(least < 1000 * 16)
            }
        }

        /// What was freed holds no address there, so that destroying what is not there ends the process.
        @Test func cancelledCallersDestroyWhatIsTheirs() async {
            await #expect(processExitsWith: .success) {
                Heap.overwriteWhatIsFreed()
                for _ in 0..<20 { try await cancelWaitingCallers() }
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

    private func useLockAndGate() {
        let lock = OrderedProducer.Locked(0)
        let gate = ThreadGate()
        gate.open()
        gate.wait()
        lock.withLock { $0 += 1 }
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

    private func cancelWaitingCallers() async throws {
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
                _ = try await producer.produceItem(within: .seconds(600)) { withExtendedLifetime(boxes) { Large() } }
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
#endif
