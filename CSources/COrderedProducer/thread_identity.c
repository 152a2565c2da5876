/* SPDX-License-Identifier: Apache-2.0 */
#include "thread_identity.h"

_Thread_local int64_t thread_identity;

int64_t thread_identify(void)
{
    static _Atomic int64_t given;
    if (thread_identity == 0) {
        /* Relaxed: the numbers are to differ, nothing else. */
        thread_identity = atomic_fetch_add_explicit(&given, 1, memory_order_relaxed) + 1;
    }
    return thread_identity;
}
