/* SPDX-License-Identifier: Apache-2.0 */
#include "held_run.h"

OIP_COLD bool held_run_settle(struct held_run *held, uint64_t sequence, pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    atomic_store_explicit(&held->revoked, false, memory_order_relaxed);
    bool mine = sequence < atomic_load_explicit(&held->end, memory_order_relaxed);
    pthread_mutex_unlock(lock);
    return mine;
}

bool held_run_steal(struct held_run *held, uint64_t *first, uint64_t *end, pthread_mutex_t *lock)
{
    bool stolen = false;
    pthread_mutex_lock(lock);
    if (held_run_waits(held)) {
        atomic_store_explicit(&held->revoked, true, memory_order_relaxed);
        heavy_fence(); /* pairs with the light one in held_run_next() */
        *end = atomic_load_explicit(&held->end, memory_order_acquire); /* pairs with held_run_begin() */
        *first = atomic_load_explicit(&held->begun, memory_order_relaxed);
        stolen = *first < *end;
        if (stolen) {
            atomic_store_explicit(&held->end, *first, memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(lock);
    return stolen;
}
