// SPDX-License-Identifier: Apache-2.0
#if NIO
    import Glibc

    enum Clock {
        /// Nanoseconds of a clock that only goes forward.
        static var now: UInt64 { read(CLOCK_MONOTONIC) }

        /// Uses a processor for so many nanoseconds of this thread's own time, whoever else runs meanwhile.
        static func work(_ nanoseconds: UInt64) {
            guard nanoseconds > 0 else { return }
            let end = read(CLOCK_THREAD_CPUTIME_ID) + nanoseconds
            while read(CLOCK_THREAD_CPUTIME_ID) < end {}
        }

        private static func read(_ clock: clockid_t) -> UInt64 {
            var time = timespec()
            unsafe clock_gettime(clock, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
    }

    extension [Double] {
        var median: Double { isEmpty ? .nan : sorted()[count / 2] }

        /// Jain's index: 1 where all are alike, 1/count where one has everything.
        var jainIndex: Double {
            let sum = reduce(0, +)
            return sum * sum / (Double(count) * reduce(0) { $0 + $1 * $1 })
        }
    }

    extension [UInt64] {
        /// The value that so large a share of the values does not exceed.
        func percentile(_ share: Double) -> UInt64 {
            isEmpty ? 0 : sorted()[Swift.min(count - 1, Int(Double(count) * share))]
        }
    }
#endif
