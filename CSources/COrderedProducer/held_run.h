/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A held run: cheap items at the head that the holder of the delivery has claimed at once, and runs one by one.
 *
 * Claiming each item costs a locked instruction, several times what the cheapest items cost themselves. So a consumer
 * that runs such items (waking.h) moves `claim` over up to HELD_RUN_MOST of them in one swap. That alone would be
 * wrong: should the first one turn out to be slow, or wait for one of the others, the others would be stuck behind it
 * while threads are idle. So what is held and not begun can be taken away by a lookout (pool.h) that sees no movement.
 *
 *     begun   sequences below are begun (the holder's to write)
 *     end     the run ends before it (the holder's)
 *     stolen_from, stolen_to   the last theft: these are not the holder's any more (a thief's, under the lock)
 *     revoked a thief was at work, and the holder has not noticed yet
 *
 *     holder, per item:  begun := s + 1;  light fence;  revoked? -> look at the theft under the lock
 *     thief, the lock:   revoked := true; heavy fence;  read end, then begun; the first not begun is the thief's
 *
 * The pair of fences makes the holder see `revoked` or the thief see s begun, never neither. While `revoked` is set the
 * holder cannot begin another item without the lock, so further thefts need no fence. The thief reads `end` first: the
 * holder writes begun before end when it claims, so that a new end never goes with an old begun.
 *
 * A thief takes one item at a time, the oldest, and everybody who wants an item steals before it claims a new one. So
 * items are begun in the order of their sequences, as if there were no runs; what is behind an item never has to wait
 * for a thread that is free to run something later.
 */
#ifndef OIP_HELD_RUN_H
#define OIP_HELD_RUN_H

#include "asymmetric_fence.h"
#include <pthread.h>

enum { HELD_RUN_MOST = 16 };

struct held_run {
    _Atomic uint64_t begun;
    _Atomic uint64_t end;
    _Atomic uint64_t stolen_from;
    _Atomic uint64_t stolen_to;
    atomic_bool revoked;
};

/* The holder has claimed [first, end) and begins with `first`. */
static inline void held_run_begin(struct held_run *held, uint64_t first, uint64_t end)
{
    atomic_store_explicit(&held->begun, first + 1, memory_order_relaxed);
    atomic_store_explicit(&held->end, end, memory_order_release); /* pairs with held_run_steal() */
}

bool held_run_settle(struct held_run *held, uint64_t sequence, pthread_mutex_t *lock);

/* Thefts before the last one are behind the holder, who comes to its items in order. */
static inline bool held_run_was_stolen(const struct held_run *held, uint64_t sequence)
{
    return sequence < atomic_load_explicit(&held->stolen_to, memory_order_relaxed) &&
           sequence >= atomic_load_explicit(&held->stolen_from, memory_order_relaxed);
}

/* The holder wants to begin `sequence`, the head. Whether it is held. */
static inline bool held_run_next(struct held_run *held, uint64_t sequence, pthread_mutex_t *lock)
{
    if (sequence >= atomic_load_explicit(&held->end, memory_order_relaxed) ||
        sequence < atomic_load_explicit(&held->begun, memory_order_relaxed) || held_run_was_stolen(held, sequence)) {
        return false; /* not held; or begun before: it failed, and is still the head */
    }
    atomic_store_explicit(&held->begun, sequence + 1, memory_order_relaxed);
    light_fence(); /* pairs with the heavy one in held_run_steal() */
    return OIP_LIKELY(!atomic_load_explicit(&held->revoked, memory_order_relaxed)) ||
           held_run_settle(held, sequence, lock);
}

/* Whether anything is held and not begun. */
static inline bool held_run_waits(const struct held_run *held)
{
    uint64_t end = atomic_load_explicit(&held->end, memory_order_relaxed);
    return atomic_load_explicit(&held->begun, memory_order_relaxed) < end &&
           atomic_load_explicit(&held->stolen_to, memory_order_relaxed) < end;
}

/* Takes the oldest item that is held and not begun. */
bool held_run_steal(struct held_run *held, uint64_t *sequence, pthread_mutex_t *lock);

#endif
