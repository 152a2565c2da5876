/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Execution: claiming and running items, and which threads do it.
 *
 * The schedule word of a producer says whether it is in the pool's run queue and how many threads are running its
 * items:
 *
 *      queued (bit 0)     it is in the run queue, or about to be pushed by whoever set the bit
 *      active (the rest)  threads inside execution of this producer
 *
 * Invariant: where an item is claimable, the producer is queued, or a thread that is active will look again before it
 * leaves, or a consumer was woken for that very item (waking.c). Publishing: stamp := ready, read the schedule.
 * Leaving: active -= 1, look at the ring. Both sequentially consistent, so one of the two sees the other.
 *
 * A thread with the producer in hand runs a quantum of its items, bounded in count and time, and puts it back at the
 * end of the run queue. So a thousand producers share a pool fairly, whatever their backlogs.
 */
#ifndef OIP_EXECUTION_H
#define OIP_EXECUTION_H

#include "producer.h"

OIP_PRIVATE_BEGIN

enum { SCHEDULE_QUEUED = 1, SCHEDULE_ACTIVE_ONE = 2 };

static inline unsigned schedule_active(unsigned schedule)
{
    return schedule / SCHEDULE_ACTIVE_ONE;
}

enum {
    QUANTUM_ITEMS = 256,     /* per turn, if other producers wait */
    QUANTUM_NS = 200000,     /* likewise */
    QUANTUM_CHECK_EVERY = 16 /* items per look at the clock and the run queue */
};

/* What this thread is inside of, innermost first: items, consumer functions, sinks. */
struct frame {
    const struct oip_producer *producer;
    struct oip_pool *pool;
    struct frame *outer;
    uint64_t sequence; /* of the item; UINT64_MAX: a consumer */
};

extern _Thread_local struct frame *current_frame;

void frame_enter(struct frame *frame, const struct oip_producer *producer);
void frame_leave(struct frame *frame);

/* Whether this thread delivers for `producer`: is inside its consumer function or its sink, or next to it. */
bool delivers_for(const struct oip_producer *producer);

/* Whether this thread is inside an item, the consumer function or the sink of `producer`. */
bool inside_of(const struct oip_producer *producer);

/* The outermost item of `producer` that this thread is inside of; UINT64_MAX: none. */
uint64_t outermost_item(const struct oip_producer *producer);

/* Puts the producer into the run queue, unless it is. Whether it was not. */
bool execution_queue(struct oip_producer *producer);

/* Lets go of a producer that was queued when its pool was stopped. */
void execution_forget(struct runnable *runnable);

/*
 * Sees to it that a lookout comes by: the calling thread holds items that it has not begun. If they are `stolen` a
 * thread is called at once: those who held them before did not get on, and these may be as slow.
 */
void execution_watch(struct oip_producer *producer, bool stolen);

/* The runnable's function: a pool thread's turn with the producer. */
void execution_turn(struct runnable *runnable, struct worker *worker);

/*
 * Runs the item `sequence`, which this thread has claimed; or discards it, where production has ended. The final phase,
 * not yet published. `until_sample` is the thread's countdown to the next measured item.
 */
enum phase execution_run(struct oip_producer *producer, uint64_t sequence, uint32_t *until_sample);

/* Calls the run function with `payload`, which is the slot's or a copy, and measures some of the calls. Its result. */
int execution_call(struct oip_producer *producer, void *payload, uint64_t sequence, uint32_t *until_sample);

/* Whether this thread, in a call of the program's, may run items instead of waiting. */
static inline bool execution_may_help(const struct oip_producer *producer)
{
    return producer->may_help == NULL || producer->may_help(producer->context);
}

/* Claims and runs items on a thread that is not at its turn: a blocked caller, a waiting consumer. How many. */
uint64_t execution_help(struct oip_producer *producer, uint32_t *until_sample);

/*
 * Sleeps as parking_wait() does, in a call of the program's, which may be inside items. What finished before these is
 * delivered first. A pool thread is what others count on: it sleeps for a millisecond at most, so that its caller looks
 * again what there is to run; and where then something is queued that no thread comes for, a spare thread runs that
 * while this one sleeps. What it waits for may depend on it.
 */
bool execution_sleep(struct parking *place, uint32_t ticket, uint64_t until);

/* Delivers to the sink, if a pool thread is to, on a thread that is not at its turn. */
void execution_deliver(struct oip_producer *producer, uint32_t *until_sample);

/* Counts this thread as one that runs items, where the producer has a width. False: there are enough. */
bool execution_enter(struct oip_producer *producer);
void execution_exit(struct oip_producer *producer);

OIP_PRIVATE_END

#endif
