/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window: callers that wait for room, first come, first served.
 *
 * Guarantee. Waiting callers get sequences in the order in which they began to wait, and before any that come later. A
 * wait ends when there is room, production ends, or it is cancelled; no sequence is used up by one that did not
 * succeed.
 *
 * How. A caller that finds the window full appends itself to the producer's list, under its lock, and sets two marks:
 * one in the tail word, which sends all newcomers to the list, and callers_wait, which the consumer reads after each
 * item. Whoever makes room grants: takes a sequence for the first in the list, copies its payload into the slot and
 * publishes it, and only then tells the caller. So the item is on its way while the caller is still waking up.
 *
 * When. Telling a thread costs the teller a microsecond or two and the thread tens, so not for each freed slot:
 *   - When a quarter of the window is free (at least 1).
 *   - When nothing is ready: the workers are running dry, or everything is done and the consumer is slow. Whoever takes
 *     the last ready item looks, before it runs it, and each worker before it leaves the producer.
 *   - After each delivery, if nothing is ready and somebody is eager. A callback is eager at once; a blocked thread
 *     becomes so after a first, timed sleep, in which it mostly is let in by the rules above. So a slow consumer does
 *     not wake a caller for every item, and a fast one that suddenly waits for something its caller is to do next does
 *     not wait for long.
 *   - When somebody's wait is urgent, for each freed slot. What is ready may then be claimable for nobody, and a
 *     quarter of the window never be free: a wait inside an item of the same producer, which takes up the width, or is
 *     itself what the others wait for; and a wait for a producer with `no_assist`, whose items may all be inside what
 *     their caller is to end after this very call. A blocked thread's becomes so where an eager one would.
 *   - By the caller itself: a blocked thread looks before it sleeps.
 *
 * Why no room is slept through (liveness L3). Room that was not given away at its delivery was left because something
 * was ready. Delivery: head += 1, look at claim; claimer: claim += 1, look at callers_wait and head: the claimer of the
 * last ready item finds the room. And a wait that begins meanwhile: callers_wait := somebody, look at head (in
 * ring_reserve); delivery: head += 1, look at callers_wait. The delivery pays no fence between the two for callers that
 * are patient, since these look again after a while. With the first one that is eager the word gets CALLERS_FENCED,
 * deliveries fence from then on, and whoever set the mark makes sure by one heavy fence that no delivery is in between
 * (asymmetric_fence.h), and looks once more for all that wait. The mark stays for FENCED_DELIVERIES after the last
 * wait, so that of thousands of waits one pays for the heavy fence.
 *
 * From inside an item s of the same producer a wait can be hopeless: if s and all that was asked for after it fill the
 * window, room comes only when s is delivered, and s waits for room. Such a wait fails with -EDEADLK, at its beginning
 * or as soon as it becomes hopeless by grants to others. All other waits end, since the items before s can finish: a
 * waiting pool thread runs what is claimable first.
 *
 * Helping runs items on the stack of the one that waits. Where each of them asks for more, or stops another producer,
 * that would go on until a window's size of them lie on one stack: 0.5 KiB each and their own frames. So a wait from
 * inside WINDOW_HELP_DEPTH items and consumers fails with -EDEADLK as well. Waiting there without helping could wait
 * for items of another producer that only this thread would run.
 */
#ifndef OIP_WINDOW_H
#define OIP_WINDOW_H

#include "asymmetric_fence.h"
#include "producer.h"

OIP_PRIVATE_BEGIN

/* Of those who wait, bits. All but the first stay until nobody waits any more, the last for some time beyond. */
enum callers_wait {
    CALLERS_WAIT = 1,   /* there is one */
    CALLERS_EAGER = 2,  /* one is let in as soon as nothing is ready */
    CALLERS_URGENT = 4, /* one is told of each freed slot */
    CALLERS_FENCED = 8, /* deliveries fence before they read this word */
};

enum {
    WINDOW_PATIENCE_NS = 250000, /* of a sleeping thread, until it is eager */
    WINDOW_POLL_NS = 30000,      /* for room that a fast consumer is making */
    WINDOW_HELP_DEPTH = 32,      /* items inside which a thread may be and still help */
    FENCED_DELIVERIES = 4096,    /* for which nobody waited, until they fence no more */
};

/* Whether this thread is inside so many items that it must not help with further ones on its stack. */
bool waits_are_deep(void);

/* Waits for room for one item: `request`, or where that is NULL `payload`, or a reservation where that is NULL, too. */
int window_wait(struct oip_producer *producer, const void *payload, const struct oip_request *request,
                uint64_t *sequence);

/* The same with a callback, which may come before this returns: -EINPROGRESS. */
int window_wait_async(struct oip_producer *producer, const void *payload, const struct oip_request *request,
                      struct oip_waiter *waiter);

/* Lets in whomever there is room for: L3. The first: whether anybody was. */
bool window_grant(struct oip_producer *producer);

/* The same where the rules say so: after a delivery that saw `callers`; where nothing is ready. */
void window_made_room(struct oip_producer *producer, unsigned callers);
void window_ran_dry(struct oip_producer *producer);

/* After the consumer took an item. */
static inline void window_after_delivery(struct oip_producer *producer)
{
    light_fence(); /* pairs with the heavy one of whoever sets CALLERS_FENCED */
    unsigned callers = atomic_load_explicit(&producer->callers_wait, memory_order_relaxed);
    if (OIP_UNLIKELY(callers != 0)) {
        window_made_room(producer, callers);
    }
}

/* An item was claimed, perhaps the last one that was ready; or a worker found none. */
static inline void window_after_claim(struct oip_producer *producer)
{
    /* Sequentially consistent, after the claim: pairs with the look at it in window_made_room(). */
    if (OIP_UNLIKELY((atomic_load_explicit(&producer->callers_wait, memory_order_seq_cst) & CALLERS_WAIT) != 0)) {
        window_ran_dry(producer);
    }
}

/* No more sequences: closes the tail and sends all waiting callers home. The second: because the pool is shut down. */
void window_close(struct oip_producer *producer);
void window_close_for_pool(struct oip_producer *producer);

/* What callers are told where the tail is closed: -EPIPE, or -ESHUTDOWN. */
int window_refusal(const struct oip_producer *producer);

OIP_PRIVATE_END

#endif
