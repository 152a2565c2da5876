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
 *   - When somebody is eager and no item is claimable: the workers are running dry, or everything is done and the
 *     consumer is slow. Looked at by the consumer after each item, and by each worker before it leaves the producer. A
 *     callback is eager at once; a blocked thread becomes so after a first, timed sleep, in which it mostly is let in
 *     by the first rule. So a slow consumer does not wake a caller for every item, and a fast one that suddenly waits
 *     for something its caller is to do next does not wait for long.
 *   - When somebody's wait is urgent, for each freed slot. What is claimable may then be claimable for nobody, and a
 *     quarter of the window never be free: a wait inside an item of the same producer, which takes up the width, or is
 *     itself what the others wait for; and a wait for a producer with `no_assist`, whose items may all be inside what
 *     their caller is to end after this very call. A blocked thread's becomes so where an eager one would.
 *   - By the caller itself: a blocked thread that helps (rule 8) looks after each item that it ran.
 *
 * Why no room is slept through. Wait: callers_wait := eager, heavy fence, look at head (in ring_reserve). Room:
 * head += 1, light fence, look at callers_wait (asymmetric_fence.h). A patient caller does without the fence: it looks
 * again before it becomes eager.
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

enum patience { NOBODY_WAITS = 0, CALLERS_PATIENT, CALLERS_EAGER, CALLERS_URGENT };

enum {
    WINDOW_PATIENCE_NS = 250000, /* of a sleeping thread, until it is eager */
    WINDOW_POLL_NS = 30000,      /* for room that a fast consumer is making */
    WINDOW_HELP_DEPTH = 32,      /* items inside which a thread may be and still help */
};

/* Whether this thread is inside so many items that it must not help with further ones on its stack. */
bool waits_are_deep(void);

/* What a caller wants to have admitted: a payload, or a reservation where that is NULL; or all that a request says. */
struct wish {
    const void *payload;
    const struct oip_request *request; /* NULL: the payload alone */
};

/* Waits for room for one item. */
int window_wait(struct oip_producer *producer, struct wish wish, uint64_t *sequence);

/* The same with a callback, which may come before this returns: -EINPROGRESS. */
int window_wait_async(struct oip_producer *producer, struct wish wish, struct oip_waiter *waiter);

/* Grants whatever there is room for, or what the rules say. The first: whether anybody was let in. */
bool window_grant(struct oip_producer *producer);
void window_made_room(struct oip_producer *producer, enum patience patience);

/* After the consumer took an item. */
static inline void window_after_delivery(struct oip_producer *producer)
{
    light_fence(); /* pairs with the heavy one of those who become eager */
    int patience = atomic_load_explicit(&producer->callers_wait, memory_order_relaxed);
    if (OIP_UNLIKELY(patience != NOBODY_WAITS)) {
        window_made_room(producer, (enum patience)patience);
    }
}

/* A worker found nothing to claim. */
static inline void window_before_leaving(struct oip_producer *producer)
{
    int patience = atomic_load_explicit(&producer->callers_wait, memory_order_seq_cst);
    if (OIP_UNLIKELY(patience >= CALLERS_EAGER)) {
        window_grant(producer);
    }
}

/* No more sequences: closes the tail and sends all waiting callers home. The second: because the pool is shut down. */
void window_close(struct oip_producer *producer);
void window_close_for_pool(struct oip_producer *producer);

/* What callers are told where the tail is closed: -EPIPE, or -ESHUTDOWN. */
int window_refusal(const struct oip_producer *producer);

OIP_PRIVATE_END

#endif
