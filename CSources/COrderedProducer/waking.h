/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waking: when to wake whom. The speed of the whole lies here: handing over to a sleeping thread takes tens of
 * microseconds, a wake costs the waker one or two, an item may cost five nanoseconds.
 *
 * The rules, and where they are:
 *   1. One thread is woken at a time, by a chain: pool.h.
 *   2. A further thread is woken only if the backlog is worth it: backlog x cost of an item >= cost of a wake, both
 *      measured (waking_learn). While fewer threads run than there are processors; cheap items gain nothing from more.
 *   3. The consumer runs the head itself if nobody has (deliverer.c, run_head). If it waits for an item that is just
 *      being asked for, it alone is woken (waking_after_publish).
 *   4. Under saturation a consumer waits for several items, not for the head: waking_consumer_target().
 *   5. Callers that wait for room are let in when a quarter of the window is free: window.h.
 *   6. Polling is for free processors, and follows whether it paid off: poll_head() in deliverer.c, search() in
 *      worker.c.
 *   7. Nobody reads another's cache line per item, unless it seldom changes.
 *   8. Blocked callers run items: window.c.
 *
 * Nothing waits for a helper that does not exist. An item that is published is either taken by a consumer that was
 * woken for it, or its producer is in the run queue and a thread was woken, or one is watching the queue: searching, or
 * on the lookout with a timer (pool.h), who acts where nothing has moved between two of its looks. So the worst that a
 * wrong guess costs is twice WAKING_LOOKOUT_NS.
 */
#ifndef OIP_WAKING_H
#define OIP_WAKING_H

#include "pool.h"
#include "producer.h"
#include "publish.h"

#include <sched.h>

OIP_PRIVATE_BEGIN

enum {
    WAKING_LOOKOUT_NS = 1000000,    /* between two looks at what nobody was woken for */
    WAKING_SEARCH_POLLS = 20,       /* of the run queue, before a searcher parks */
    WAKING_POLL_NS = 6000,          /* for what is about to come, on a processor that is free: a wake call's time */
    WAKING_GATHER_NS = 1000,        /* between looks for cheap items */
    WAKING_YIELD_NS = 2000,         /* of polling: whoever is waited for may need this very processor */
    WAKING_SAMPLE_EVERY = 16,       /* items per measured one, */
    WAKING_SAMPLE_CHEAP_EVERY = 64, /* where a look at the clock costs more than the item */
    WAKING_CHECK_EVERY = 16,        /* items per look at the backlog, a power of two; */
    WAKING_CHECK_CHEAP_EVERY = 256, /* where that look at others' lines costs more than several items */
    WAKING_CHEAP_NS = 150,          /* items up to here cost less than handing them about */
    WAKING_RUN_NS = 16000,          /* items that are claimed at once take no longer, */
    WAKING_HEAD_RUN_NS = 512,       /* or this, where the first of them could be delivered at once */
    WAKING_PATIENCE_NS = 6000,      /* longer than an item that may be held: its holder does not get on */
    WAKING_EXPENSIVE_NS = 5000,     /* items from here on are looked after one by one: no thread is in the way */
    WAKING_FIRST_GUESS_NS = 30000,  /* cost of a wake, until measured */
};

/* Takes a sample into a moving average. A single huge sample (a preempted thread) moves it by no more than double. */
void waking_learn(atomic_uint *average, uint64_t sample);

/* Nanoseconds that an item of this producer takes; UINT32_MAX while not known. */
static inline uint32_t waking_cost(const struct oip_producer *producer)
{
    uint32_t cost = atomic_load_explicit(&producer->cost, memory_order_relaxed);
    return cost != 0 ? cost : UINT32_MAX;
}

/* Whether a blocking consumer is awake, or being woken, and will come to the head by itself. */
bool waking_consumer_will_look(struct oip_producer *producer);

/* Whether a worker is between cheap items of this producer, and delivers to its sink what it finds. */
bool waking_worker_will_look(struct oip_producer *producer);

/* Whether whoever delivers, a sink's pool thread included, is awake and runs what it finds at the head. */
bool waking_deliverer_runs_items(struct oip_producer *producer);

/* The item `sequence`, which is to be run, was published: L1, see publish.h. Wakes whom that is worth. Any thread. */
void waking_after_publish(struct oip_producer *producer, uint64_t sequence);

/* The same for several, reservations among them, after a full fence. */
void waking_after_publish_many(struct oip_producer *producer, const struct published *published);

/* A worker begins with the producer: calls in the next one if the backlog is worth it. */
void waking_chain(struct oip_producer *producer);

/*
 * A worker has left the producer for what else is queued, which may take long: calls another one if its sink has
 * something to get, for which others relied on this worker, or where there may be `more` items that are expensive.
 */
void waking_turn_to_others(struct oip_producer *producer, bool more);

/* Whether other producers are in the run queue. A guess: the length is a hint, and counts before a push. */
bool waking_others_are_queued(struct oip_producer *producer);

/* Whether a worker that has left may leave what comes next to the consumer, others and the lookout. */
bool waking_may_leave(struct oip_producer *producer);

/*
 * Whether the lookout should join those who run the producer's items: callers that publish and then suspend, and
 * threads that left at the same time because there were too many of them, leave nobody who would call it.
 */
bool waking_needs_lookout(struct oip_producer *producer);

/*
 * Something is ready that was when a lookout passed last, and only so many items have begun since. Whether that is so
 * slow that threads without work should come: items take longer than was thought, or those who run them have no
 * processor. Then it notes a higher cost, so that nobody holds batches of them, and one thread calls the next.
 */
bool waking_is_slow(struct oip_producer *producer, uint64_t begun);

/*
 * Whether more threads run items than there are processors, and others stay: a consumer that runs items, or workers at
 * their turns. Then a worker leaves, since a thread that has to give up its processor in the middle of an item holds up
 * the line for a whole time slice. `own`: 1 for a worker that is at its turn there itself, otherwise 0.
 */
bool waking_is_crowded(struct oip_producer *producer, unsigned own);

/*
 * Whether a caller that found the window full and nothing to run should poll for room: an item takes less than a wake,
 * whoever makes room is awake, and nobody else wants this caller's processor.
 */
bool waking_room_is_near(struct oip_producer *producer);

/* For which sequence a blocking consumer that needs `head` should wait: head itself, or, under saturation, a later
   one. */
uint64_t waking_consumer_target(struct oip_producer *producer, uint64_t head, uint64_t *until);

/* How many items a thread that runs them should claim at once: held_run.h. */
uint64_t waking_run_length(struct oip_producer *producer);

/* The same for the holder of the delivery, who runs them before it delivers the first. */
uint64_t waking_head_run_length(const struct oip_producer *producer);

/*
 * One step of polling, after `waited_ns` of it. After a while it yields: should the thread that is waited for want this
 * very processor, it gets it. Sleeping would give it, too; but two threads that keep sending each other to sleep on one
 * processor stay there while another idles, since Linux moves threads that want to run, not those that sleep.
 */
static inline void waking_poll(uint64_t waited_ns)
{
    if (waited_ns < WAKING_YIELD_NS) {
        oip_relax();
    } else {
        sched_yield();
    }
}

/* Whether a consumer that waits for a running head, or a blocked caller, should run later items meanwhile. */
bool waking_should_help(struct oip_producer *producer);

OIP_PRIVATE_END

#endif
