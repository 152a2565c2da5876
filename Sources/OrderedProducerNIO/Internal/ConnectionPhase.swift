// SPDX-License-Identifier: Apache-2.0
#if NIO
    /// Where the connection of an ``OrderedPipelineHandler`` stands.
    ///
    /// ```
    ///   open ──────► finishing ──► closing ──► over
    ///     │  input closed,  ▲  answered   written out
    ///     │  quiescing,     │ the same
    ///     │  error          │
    ///     ├────────► leaving ──► over          removed: answered and written out, then gone from the pipeline
    ///     └────────► closing                   the last response, or a failure
    /// ```
    /// `closing` follows from `leaving` as from `open`, and `over` from any of them where the connection is lost.
    enum ConnectionPhase {
        case open
        /// What was received is answered, and then the connection closes.
        case finishing
        /// What was asked for is answered, and then the handler goes.
        case leaving
        /// Nothing more is answered; the connection closes when all is written.
        case closing
        case over

        /// Whether requests that arrive are of interest to anybody.
        var keeps: Bool {
            switch self {
            case .open, .finishing, .leaving: true
            case .closing, .over: false
            }
        }
    }
#endif
