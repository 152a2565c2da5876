/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiters: threads and callbacks that wait for something to be granted, first come, first served.
 *
 * A waiter is a struct oip_waiter in its owner's memory. The list is protected by its owner's lock; outcomes are
 * delivered after unlocking, because a callback may call back: a granter moves waiters to a list of its own under the
 * lock, and tells them afterwards.
 */
#ifndef OIP_WAITER_H
#define OIP_WAITER_H

#include "parking.h"
#include <ordered_producer.h>

OIP_PRIVATE_BEGIN

enum waiter_state {
    WAITER_UNUSED = 0,
    WAITER_LISTED,  /* in a list */
    WAITER_SETTLED, /* the outcome is fixed, the waiter is being told */
};

/* The layout of oip_waiter.reserved. */
struct waiter {
    void (*done)(struct oip_waiter *waiter, int result, uint64_t sequence);
    void *context;
    struct waiter *next;
    const void *payload; /* what to produce; NULL: a reservation, or the wait is for an end */
    uint64_t sequence;   /* outcome; before that, when the item is due: deadline.h */
    uint64_t own;        /* the item from inside which this waits, see window.h; UINT64_MAX: none */
    int result;          /* outcome */
    uint8_t state;
    bool requests; /* `payload` is a struct oip_request */
};

_Static_assert(sizeof(struct waiter) <= sizeof(struct oip_waiter), "the public room suffices");
_Static_assert(offsetof(struct waiter, context) == offsetof(struct oip_waiter, context), "the same first fields");

static inline struct waiter *waiter_of(struct oip_waiter *public)
{
    return (struct waiter *)(void *)public;
}

struct waiter_list {
    struct waiter *first, *last;
};

static inline void waiter_append(struct waiter_list *list, struct waiter *waiter)
{
    waiter->next = NULL;
    waiter->state = WAITER_LISTED;
    if (list->last != NULL) {
        list->last->next = waiter;
    } else {
        list->first = waiter;
    }
    list->last = waiter;
}

/* Removes `waiter`, which is in the list. Linear in the waiters before it. */
void waiter_remove(struct waiter_list *list, struct waiter *waiter);

/* Moves the first waiter of `from` to `told`, with its outcome. */
void waiter_settle_first(struct waiter_list *from, struct waiter_list *told, int result, uint64_t sequence);

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

/* How many of the list are sleepers. Linear. */
unsigned waiter_count_sleepers(const struct waiter_list *list);
bool sleeper_is_told(struct sleeper *sleeper);
void sleeper_sleep(struct sleeper *sleeper, uint32_t ticket, int64_t timeout_ns);

OIP_PRIVATE_END

#endif
