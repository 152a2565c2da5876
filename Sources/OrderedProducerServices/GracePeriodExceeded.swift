// SPDX-License-Identifier: Apache-2.0
#if ServiceLifecycle
    /// A graceful shutdown could not deliver everything in time.
    public struct GracePeriodExceeded: Error, Equatable, CustomStringConvertible {
        /// How long the shutdown had.
        public let gracePeriod: Duration

        /// How many items were outstanding when it was over, and dropped; `nil` for a pool, which knows of none.
        public let outstanding: Int?

        /// A shutdown that had `gracePeriod`.
        public init(gracePeriod: Duration, outstanding: Int?) {
            self.gracePeriod = gracePeriod
            self.outstanding = outstanding
        }

        /// For logs: a sentence.
        public var description: String {
            if let outstanding {
                "\(outstanding) items were not delivered within the grace period of \(gracePeriod), and were dropped"
            } else {
                "producers on the worker pool had not ended within the grace period of \(gracePeriod)"
            }
        }
    }
#endif
