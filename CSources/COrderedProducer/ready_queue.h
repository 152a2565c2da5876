/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ready queue: many workers tell one consumer which of its producers have become deliverable.
 *
 * Guarantee. Lock-free for whoever pushes: a push that is interrupted half-way delays nobody. What was pushed is taken
 * once, oldest first within what one look brings in. After a push the consumer is told, once for any number of pushes
 * until it has found the queue empty.
 *
 * How. Entries are intrusive: a producer carries its own and is on the queue at most once, which the delivery word
 * (delivery.h) sees to. Pushing is ck_stack_push_upmc, a compare-and-swap on the head of a stack; taking is
 * ck_stack_batch_pop_upmc, an exchange of the head by NULL, which cannot suffer from reuse of entries (ABA), because it
 * never looks at an entry's link before it owns the entry. The stack hands back the newest first; the consumer reverses
 * what it took, so that producers are served in the order in which they became ready.
 *
 * Why no consumer sleeps through a push. It is told by a parking place (a blocking consumer, or a loop in
 * oip_ready_queue_wait) or by the loop's own `notify`, behind a flag that turns many pushes into one call:
 *
 *     push:  stack := entry;     exchange(notified, true)   -> was false: call notify
 *     take:  store(notified, false);   look at the stack again
 *
 * both sequentially consistent: either the pusher finds the flag lowered and calls, or the taker finds the entry.
 */
#ifndef OIP_READY_QUEUE_H
#define OIP_READY_QUEUE_H

#include "parking.h"
#include <ordered_producer.h>

OIP_PRIVATE_BEGIN

struct ready_entry {
    struct ck_stack_entry link;
};

struct oip_ready_queue {
    OIP_ALIGNED_TO_LINE struct ck_stack pushed;       /* any thread pushes, the consumer takes all */
    struct parking parking;                           /* the blocking consumer sleeps here */
    atomic_bool notified;                             /* a notify is on its way, or the consumer is looking */
    OIP_ALIGNED_TO_LINE struct ck_stack_entry *taken; /* the consumer's own: taken, oldest first */
    void (*notify)(void *context);
    void *context;
    atomic_bool abandoned; /* its loop has given it back: nobody takes any more */
    int generation;        /* of fork(), see errors.h */
    atomic_uint references;
};

void ready_queue_init(struct oip_ready_queue *queue, void (*notify)(void *), void *context);
void ready_queue_push(struct oip_ready_queue *queue, struct ready_entry *entry);

/* Takes what is pushed, the oldest first, linked by `next`. Any thread. */
struct ck_stack_entry *ready_queue_take_all(struct oip_ready_queue *queue);

/* The consumer's: the oldest entry, or NULL. */
struct ready_entry *ready_queue_take(struct oip_ready_queue *queue);

void ready_queue_retain(struct oip_ready_queue *queue);
void ready_queue_drop(struct oip_ready_queue *queue);

OIP_PRIVATE_END

#endif
