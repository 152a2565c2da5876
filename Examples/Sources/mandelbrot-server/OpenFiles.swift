// SPDX-License-Identifier: Apache-2.0
#if Server
    import Glibc

    enum OpenFiles {
        /// Allows as many connections as the system lets this process have: often 1024 unless asked for more.
        static func raiseLimit() {
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
            limit.rlim_cur = limit.rlim_max
            // Where it is refused, what there is stays.
            unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }
#endif
