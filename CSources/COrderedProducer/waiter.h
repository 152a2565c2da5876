/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiters: threads and callbacks that wait for something to be granted, first come, first served.
 *
 * A waiter is a struct oip_waiter in its owner's memory. The list is protected by its owner's lock; outcomes are
 * delivered after unlocking, because a callback may call back: a granter moves waiters to a list of its own under the
 * lock, and tells them afterwards. Every operation on one waiter is O(1), however many wait.
 */
#ifndef OIP_WAITER_H
#define OIP_WAITER_H

#include "parking.h"
#include <ordered_producer.h>

OIP_PRIVATE_BEGIN

struct waiter_list {
    struct waiter *first, *last;
};

/* The layout of struct oip_waiter. */
struct waiter {
    void (*done)(struct oip_waiter *waiter, int result, uint64_t sequence);
    void *context;
    struct waiter_list *list; /* in which it waits; NULL: in none */
    struct waiter *next, *previous;
    const void *payload; /* what to produce; NULL: a reservation, or the wait is for an end */
    uint64_t sequence;   /* outcome; before that, when the item is due: deadline.h */
    int result;          /* outcome */
    bool requests;       /* `payload` is a struct oip_request */
};

_Static_assert(sizeof(struct waiter) <= sizeof(struct oip_waiter), "the public room suffices");
_Static_assert(offsetof(struct waiter, context) == offsetof(struct oip_waiter, context), "the same first fields");

static inline struct waiter *waiter_of(struct oip_waiter *public)
{
    return (struct waiter *)(void *)public;
}

/* It waits for nothing: oip_cancel() finds this where the call that it is given to does not register it. */
static inline void waiter_init(struct oip_waiter *public)
{
    waiter_of(public)->list = NULL;
}

static inline void waiter_append(struct waiter_list *list, struct waiter *waiter)
{
    waiter->list = list;
    waiter->next = NULL;
    waiter->previous = list->last;
    if (list->last != NULL) {
        list->last->next = waiter;
    } else {
        list->first = waiter;
    }
    list->last = waiter;
}

/* Removes the waiter from the list that it is in. */
void waiter_remove(struct waiter *waiter);

/* Moves the waiter from the list that it is in to `told`, with its outcome. */
void waiter_settle(struct waiter *waiter, struct waiter_list *told, int result, uint64_t sequence);

/* Moves all. */
void waiter_settle_all(struct waiter_list *from, struct waiter_list *told, int result);

/* Tells each waiter of the list its outcome; without any lock held. How many there were. */
unsigned waiter_tell_all(struct waiter_list *told);

/* A waiter that is a sleeping thread. */
struct sleeper {
    struct oip_waiter waiter;
    struct parking parking;
    _Atomic int told;
};

void sleeper_init(struct sleeper *sleeper);
bool sleeper_is_told(struct sleeper *sleeper);

/* Whether at least two of the list are sleepers. */
bool waiter_has_several_sleepers(const struct waiter_list *list);

OIP_PRIVATE_END

#endif
