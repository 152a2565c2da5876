// SPDX-License-Identifier: Apache-2.0
#if NIO
    /// Where the connection of an ``OrderedPipelineHandler`` stands.
    ///
    /// ```
    ///   open ──────► finishing ──► closing ──► over
    ///     │  input closed,   drained   written out
    ///     │  quiescing, error
    ///     ├────────► leaving ──► over        removed: drained, then gone from the channel's pipeline
    ///     └────────► closing                 the last response, or a failure
    /// ```
    /// `over` follows from any of them where the connection is lost.
    enum ConnectionPhase {
        case open
        /// What was received is answered, and then the connection closes.
        case finishing
        /// What was asked for is answered, and then the handler goes.
        case leaving
        /// Nothing more is answered; the connection closes when all is written.
        case closing
        case over

        /// Whether requests are begun.
        var asks: Bool {
            switch self {
            case .open, .finishing: true
            case .leaving, .closing, .over: false
            }
        }

        /// Whether requests that arrive are of interest to anybody.
        var keeps: Bool {
            switch self {
            case .open, .finishing, .leaving: true
            case .closing, .over: false
            }
        }
    }
#endif
