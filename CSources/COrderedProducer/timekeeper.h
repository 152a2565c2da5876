/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timekeeper: one thread of a pool that sleeps until the earliest of many alarms.
 *
 * Guarantee. An alarm that was set for a time rings at that time or soon after, once, unless it is set again. Setting
 * one cannot fail: its room is reserved with its owner. Setting one that is set for that time or an earlier one costs
 * an atomic load; setting and ringing cost O(log n) of n alarms. While none is set the thread sleeps for good.
 *
 * How. A binary heap of pointers under a lock, and a parking place whose sleep ends at the time of the first. It starts
 * with the first alarm of its pool and ends with the pool's threads.
 *
 * The thread runs nothing of the user's: what that waits for may need an alarm. It only wakes others; where these are
 * all inside something, a spare thread of the pool (pool_run_spare).
 *
 * Why nothing is slept through. Who needs the alarm makes its need visible, then reads `set_for`; the timekeeper takes
 * the alarm down (set_for := never) and only then has it look at what is needed. All sequentially consistent: the one
 * who needs it finds it taken down and sets it, or the alarm that rings finds the need. It may ring for nothing.
 */
#ifndef OIP_TIMEKEEPER_H
#define OIP_TIMEKEEPER_H

#include "parking.h"
#include <pthread.h>

OIP_PRIVATE_BEGIN

struct oip_pool;
struct timekeeper;

#define NEVER UINT64_MAX

struct alarm {
    _Atomic uint64_t set_for;                /* NEVER: it is not set. Written under the timekeeper's lock */
    size_t place;                            /* in the heap, from 1 on; 0: not in it. Under the lock */
    bool (*keep_alive)(struct alarm *alarm); /* under the lock, as it is taken down: false, it is about to go */
    void (*ring)(struct alarm *alarm);       /* under no lock; lets go of what keep_alive() kept */
};

/* Reserves room for the alarm, and starts the pool's timekeeper if there is none. 0, or an errno, negated. */
int timekeeper_admit(struct oip_pool *pool, struct alarm *alarm);

/* The alarm goes: it will not ring again. What keep_alive() keeps must be gone. */
void timekeeper_dismiss(struct oip_pool *pool, struct alarm *alarm);

/* Slow path of alarm_set(). */
void timekeeper_set(struct oip_pool *pool, struct alarm *alarm, uint64_t time);

/* Has it ring at `time` (oip_now()), unless it is set for an earlier one. */
static inline void alarm_set(struct oip_pool *pool, struct alarm *alarm, uint64_t time)
{
    if (atomic_load_explicit(&alarm->set_for, memory_order_seq_cst) > time) {
        timekeeper_set(pool, alarm, time);
    }
}

/* Under the pool's lock: has the thread end, as all the pool's threads do. */
void timekeeper_stop(struct oip_pool *pool);

/* Under the pool's lock: whether it has a thread that runs. */
bool timekeeper_runs(const struct oip_pool *pool);

/* Under the pool's lock: whether the thread has left, and is now the caller's to join or detach. */
bool timekeeper_take_left(struct oip_pool *pool, pthread_t *thread);

/* With the pool. */
void timekeeper_destroy(struct timekeeper *keeper);

OIP_PRIVATE_END

#endif
