/* SPDX-License-Identifier: Apache-2.0 */
#include "held_run.h"

OIP_COLD bool held_run_settle(struct held_run *held, uint64_t sequence, pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    atomic_store_explicit(&held->revoked, false, memory_order_relaxed);
    bool mine = !held_run_was_stolen(held, sequence);
    pthread_mutex_unlock(lock);
    return mine;
}

bool held_run_steal(struct held_run *held, uint64_t *sequence, pthread_mutex_t *lock)
{
    bool stolen = false;
    pthread_mutex_lock(lock);
    if (held_run_waits(held)) {
        if (!atomic_load_explicit(&held->revoked, memory_order_relaxed)) {
            atomic_store_explicit(&held->revoked, true, memory_order_relaxed);
            heavy_fence(); /* pairs with the light one in held_run_next() */
        }
        uint64_t end = atomic_load_explicit(&held->end, memory_order_acquire); /* pairs with held_run_begin() */
        uint64_t begun = atomic_load_explicit(&held->begun, memory_order_relaxed);
        uint64_t before = atomic_load_explicit(&held->stolen_to, memory_order_relaxed);
        *sequence = begun > before ? begun : before;
        stolen = *sequence < end;
        if (stolen && *sequence != before) {
            atomic_store_explicit(&held->stolen_from, *sequence, memory_order_relaxed);
        }
        if (stolen) {
            atomic_store_explicit(&held->stolen_to, *sequence + 1, memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(lock);
    return stolen;
}
