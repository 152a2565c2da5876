/* SPDX-License-Identifier: Apache-2.0 */
#include "waiter.h"

#include <sched.h>

void waiter_remove(struct waiter *waiter)
{
    struct waiter_list *list = waiter->list;
    if (waiter->previous != NULL) {
        waiter->previous->next = waiter->next;
    } else {
        list->first = waiter->next;
    }
    if (waiter->next != NULL) {
        waiter->next->previous = waiter->previous;
    } else {
        list->last = waiter->previous;
    }
    waiter->list = NULL;
}

void waiter_settle(struct waiter *waiter, struct waiter_list *told, int result, uint64_t sequence)
{
    waiter_remove(waiter);
    waiter->result = result;
    waiter->sequence = sequence;
    waiter_append(told, waiter);
    waiter->list = NULL; /* it waits no longer */
}

void waiter_settle_all(struct waiter_list *from, struct waiter_list *told, int result)
{
    while (from->first != NULL) {
        waiter_settle(from->first, told, result, 0);
    }
}

unsigned waiter_tell_all(struct waiter_list *told)
{
    unsigned count = 0;
    struct waiter *waiter = told->first;
    while (waiter != NULL) {
        struct waiter *next = waiter->next; /* the waiter's memory may be gone as soon as it is told */
        waiter->done((struct oip_waiter *)(void *)waiter, waiter->result, waiter->sequence);
        waiter = next;
        count++;
    }
    told->first = told->last = NULL;
    return count;
}

static void sleeper_done(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)result;
    (void)sequence;
    struct sleeper *sleeper = OIP_CONTAINER_OF(waiter, struct sleeper, waiter);
    /*
     * Two steps, because the sleeper's memory is its stack: it may leave as soon as it sees the second value, so the
     * signal comes before it. Release: the outcome; pairs with sleeper_is_told().
     */
    atomic_store_explicit(&sleeper->told, 1, memory_order_release);
    parking_signal(&sleeper->parking);
    atomic_store_explicit(&sleeper->told, 2, memory_order_release);
}

bool waiter_has_several_sleepers(const struct waiter_list *list)
{
    unsigned count = 0;
    for (const struct waiter *waiter = list->first; waiter != NULL && count < 2; waiter = waiter->next) {
        count += waiter->done == sleeper_done;
    }
    return count == 2;
}

void sleeper_init(struct sleeper *sleeper)
{
    memset(sleeper, 0, sizeof *sleeper);
    sleeper->waiter.done = sleeper_done;
    parking_init(&sleeper->parking);
    atomic_init(&sleeper->told, 0);
}

bool sleeper_is_told(struct sleeper *sleeper)
{
    enum { YIELDS = 64, NAP_NS = 50000 };
    int told = atomic_load_explicit(&sleeper->told, memory_order_acquire);
    for (int tries = 0; told == 1; tries++) {
        /* The teller is between its two steps. It may have lost this very processor to this thread, to which it never
         * gets it back by a yield where the scheduler goes by priority (SCHED_FIFO). */
        if (tries < YIELDS) {
            sched_yield();
        } else {
            parking_nap(NAP_NS);
        }
        told = atomic_load_explicit(&sleeper->told, memory_order_acquire);
    }
    return told == 2;
}
