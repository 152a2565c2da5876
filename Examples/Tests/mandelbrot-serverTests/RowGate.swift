// SPDX-License-Identifier: Apache-2.0
#if Server
    import Glibc

    @testable import mandelbrot_server

    extension Pools {
        /// Waits for the images that are still on their way: none may be left where a test has ended.
        func shutdown() async {
            await rows.shutdown()
            await handOver.shutdown()
        }
    }

    /// Holds up rows from a certain one on, and knows which were begun and finished. Waiting blocks the thread.
    final class RowGate: @unchecked Sendable {
        private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var firstHeld: Int
        private var begunCount = 0
        private var finishedCount = 0

        init(holdingFrom row: Int) {
            firstHeld = row
            pthread_mutex_init(lock, nil)
            pthread_cond_init(changed, nil)
        }

        deinit {
            pthread_mutex_destroy(lock)
            pthread_cond_destroy(changed)
            lock.deallocate()
            changed.deallocate()
        }

        /// Takes the place of the set.
        func row(_ image: Mandelbrot, _ y: Int) -> [UInt8] {
            locked { begunCount += 1 }
            wait { y < self.firstHeld }
            let row = image.row(y)
            locked { finishedCount += 1 }
            return row
        }

        /// A row that waits for nothing.
        func count() {
            locked {
                begunCount += 1
                finishedCount += 1
            }
        }

        func open(to row: Int = .max) { locked { firstHeld = row } }

        var begun: Int { locked { begunCount } }
        var finished: Int { locked { finishedCount } }

        func waitUntilBegun(_ count: Int) { wait { self.begunCount >= count } }
        func waitUntilFinished(_ count: Int) { wait { self.finishedCount >= count } }

        func waitUntilOpen() { wait { self.firstHeld > 0 } }

        private func wait(until isTrue: () -> Bool) {
            pthread_mutex_lock(lock)
            while !isTrue() { pthread_cond_wait(changed, lock) }
            pthread_mutex_unlock(lock)
        }

        private func locked<Result>(_ body: () -> Result) -> Result {
            pthread_mutex_lock(lock)
            defer {
                pthread_cond_broadcast(changed)
                pthread_mutex_unlock(lock)
            }
            return body()
        }
    }
#endif
