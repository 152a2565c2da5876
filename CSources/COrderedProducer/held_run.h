/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A held run: neighbouring cheap items that one thread has claimed at once, and runs one by one.
 *
 * Claiming each item by itself costs a locked instruction on a cache line that all claimers write, and lets threads
 * take turns at slots that share a line: several times what the cheapest items cost, and still a tenth of an item of a
 * microsecond. So a thread that runs such items (waking.h says how many) moves `claim` over a run of them in one swap.
 * That alone would be wrong: should one of them turn out to be slow, or wait for one behind it, the others would be
 * stuck behind it while threads are idle. So what is held and not begun can be taken away by a thread that has nothing
 * else to do and saw no movement.
 *
 *     begun    the next to begin: sequences below are begun (the holder's to write)
 *     end      the run ends before it (the holder's when it begins a run; a thief's, under the lock, who cuts it off)
 *     revoked  a thief was at work, and the holder has not noticed yet
 *
 *     holder, per item:  begun := s + 1;  light fence;  revoked? -> look at the end under the lock
 *     thief, the lock:   revoked := true; heavy fence;  read end, then begun; end := begun, the rest is the thief's
 *
 * Why each item is begun once. The pair of fences makes the holder see `revoked` or the thief see s begun, never
 * neither. While `revoked` is set the holder cannot begin another item of a run without the lock, so further thefts
 * need no fence. A holder that begins a new run writes begun before end, and the thief reads them in the opposite
 * order, so that a new end never goes with an old begun. Nor may a new begun go with an old end: runs that are claimed
 * come in order, but stolen ones may be older than what the same struct held before; so helpers and workers begin
 * theirs under the lock.
 *
 * Runs are claimed in order and each is begun in order. So the lowest item that is claimed and not begun is behind one
 * that is running: items may wait for earlier ones without danger, unless those ask for items (window.h).
 */
#ifndef OIP_HELD_RUN_H
#define OIP_HELD_RUN_H

#include "asymmetric_fence.h"
#include <pthread.h>

OIP_PRIVATE_BEGIN

enum {
    HELD_RUN_MOST = 16, /* items */
    HELD_RUNS = 4,      /* of one producer; threads beyond claim their items one by one */
};

struct held_run {
    OIP_ALIGNED_TO_LINE _Atomic uint64_t begun;
    _Atomic uint64_t end;
    atomic_bool revoked;
    _Atomic uint64_t begun_at_lookout; /* when a lookout last passed: pool.h */
};

/* The runs of one producer. The first belongs to the holder of the delivery. */
struct held_runs {
    struct held_run runs[HELD_RUNS];
    OIP_ALIGNED_TO_LINE atomic_uint taken; /* a bit for each */
};

/* Ready for use: all memory is zero before. */
void held_runs_init(struct held_runs *held);

/* One for the calling thread to use, and its return. NULL: all are in use. */
struct held_run *held_runs_take(struct held_runs *held);
void held_runs_return(struct held_runs *held, struct held_run *run);

/* Whether anything is held and not begun; and how much. */
bool held_runs_wait(const struct held_runs *held);
uint64_t held_runs_length(const struct held_runs *held);

/* Whether some holder has not begun what it holds since a lookout asked this last; and the same question in between. */
bool held_runs_are_stuck(struct held_runs *held);
bool held_runs_stand_still(const struct held_runs *held);

/*
 * A run whose holder begins nothing for `patience_ns`, or at all for 0: the holder is slow, or has lost its processor.
 * NULL: there is none.
 */
struct held_run *held_runs_find(struct held_runs *held, uint64_t patience_ns);

/* The holder has claimed [first, end) and begins with `first`. */
static inline void held_run_begin(struct held_run *run, uint64_t first, uint64_t end)
{
    atomic_store_explicit(&run->begun, first + 1, memory_order_relaxed);
    atomic_store_explicit(&run->end, end, memory_order_release); /* pairs with held_run_steal() */
}

bool held_run_settle(struct held_run *run, uint64_t sequence, pthread_mutex_t *lock);

/* The holder begins the next item. False: nothing is left of the run. */
static inline bool held_run_next(struct held_run *run, uint64_t *sequence, pthread_mutex_t *lock)
{
    uint64_t next = atomic_load_explicit(&run->begun, memory_order_relaxed);
    if (next >= atomic_load_explicit(&run->end, memory_order_relaxed)) {
        return false;
    }
    *sequence = next;
    atomic_store_explicit(&run->begun, next + 1, memory_order_relaxed);
    light_fence(); /* pairs with the heavy one in held_run_steal() */
    return OIP_LIKELY(!atomic_load_explicit(&run->revoked, memory_order_relaxed)) || held_run_settle(run, next, lock);
}

/* Whether anything is held and not begun. */
static inline bool held_run_waits(const struct held_run *run)
{
    return atomic_load_explicit(&run->begun, memory_order_relaxed) <
           atomic_load_explicit(&run->end, memory_order_relaxed);
}

/* Takes all that is held and not begun, `most` of it at most, from the back. How many, from `*first` on. */
uint64_t held_run_steal(struct held_run *run, uint64_t most, uint64_t *first, pthread_mutex_t *lock);

/* Takes one item that is held and not begun, of whichever run. False: each of them was found without any. */
bool held_runs_steal(struct held_runs *held, uint64_t *sequence, pthread_mutex_t *lock);

OIP_PRIVATE_END

#endif
