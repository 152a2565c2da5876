/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A held run: cheap items at the head that the holder of the delivery has claimed at once, and runs one by one.
 *
 * Claiming each item costs a locked instruction, several times what the cheapest items cost themselves. So a consumer
 * that runs such items (waking.h) moves `claim` over up to HELD_RUN_MOST of them in one swap. That alone would be wrong:
 * should the first one turn out to be slow, or wait for one of the others, the others would be stuck behind it while
 * threads are idle. So what is held and not begun can be taken away by a lookout (pool.h) that sees no movement.
 *
 *     begun   sequences below are begun (the holder's to write)
 *     end     the run ends before it (the holder's, when it claims; a thief's, who shortens it)
 *     revoked a thief is at work, or was
 *
 *     holder, per item:  begun := s + 1;  light fence;  revoked? -> settle it under the lock
 *     thief, the lock:   revoked := true; heavy fence;  read end, then begun; end := begun, [begun, end) is the thief's
 *
 * The pair of fences makes the holder see `revoked` or the thief see s begun, never neither. The thief reads `end` first:
 * the holder writes begun before end when it claims, so that a new end never goes with an old begun. While `revoked` is
 * set and the run is not empty, the holder cannot get past the lock, so no new run appears under the thief's hands.
 */
#ifndef OIP_HELD_RUN_H
#define OIP_HELD_RUN_H

#include "asymmetric_fence.h"
#include <pthread.h>

enum { HELD_RUN_MOST = 16 };

struct held_run {
    _Atomic uint64_t begun;
    _Atomic uint64_t end;
    atomic_bool revoked;
};

/* The holder has claimed [first, end) and begins with `first`. */
static inline void held_run_begin(struct held_run *held, uint64_t first, uint64_t end)
{
    atomic_store_explicit(&held->begun, first + 1, memory_order_relaxed);
    atomic_store_explicit(&held->end, end, memory_order_release); /* pairs with held_run_steal() */
}

bool held_run_settle(struct held_run *held, uint64_t sequence, pthread_mutex_t *lock);

/* The holder wants to begin `sequence`, the head. Whether it is held. */
static inline bool held_run_next(struct held_run *held, uint64_t sequence, pthread_mutex_t *lock)
{
    if (sequence >= atomic_load_explicit(&held->end, memory_order_relaxed)) {
        return false;
    }
    atomic_store_explicit(&held->begun, sequence + 1, memory_order_relaxed);
    light_fence(); /* pairs with the heavy one in held_run_steal() */
    return OIP_LIKELY(!atomic_load_explicit(&held->revoked, memory_order_relaxed)) ||
           held_run_settle(held, sequence, lock);
}

/* Whether anything is held and not begun. */
static inline bool held_run_waits(const struct held_run *held)
{
    return atomic_load_explicit(&held->begun, memory_order_relaxed) <
           atomic_load_explicit(&held->end, memory_order_relaxed);
}

/* Takes what is held and not begun: [*first, *end). Whether that is anything. */
bool held_run_steal(struct held_run *held, uint64_t *first, uint64_t *end, pthread_mutex_t *lock);

#endif
