// SPDX-License-Identifier: Apache-2.0
#if Server
    import Hummingbird
    import NIOCore

    /// What a handler knows of its request besides the request: the connection.
    struct ServerContext: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            channel = source.channel
        }

        /// The route that was taken, of a bounded number: what a metric may be labelled with.
        var route: String { endpointPath ?? "none" }
    }
#endif
