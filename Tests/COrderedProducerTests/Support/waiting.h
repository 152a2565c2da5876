/* SPDX-License-Identifier: Apache-2.0 */
/* Waits of the tests' own: for a semaphore, for a state, and for the outcome of a wait that was registered. */
#ifndef WAITING_H
#define WAITING_H

#include <ordered_producer.h>
#include <semaphore.h>
#include <stdbool.h>

void wait_for(sem_t *semaphore);
void post_many(sem_t *semaphore, int count);

/* Yields until the condition holds: for states that no event announces. A condition that never holds hangs the test. */
#define WAIT_UNTIL(condition)                                                                                          \
    while (!(condition)) {                                                                                             \
        sched_yield();                                                                                                 \
    }                                                                                                                  \
    (void)0

/* A wait that was registered, and its outcome. */
struct blocking_waiter {
    struct oip_waiter waiter; /* the first member: its done function gets this address */
    sem_t told;
    int result;
    uint64_t sequence;
};

void blocking_waiter_init(struct blocking_waiter *waiter);

/*
 * The outcome of a call that may have registered the waiter: `result` itself, or what the waiter is told. Where
 * `gives_up`, the wait is taken back at once: -ECANCELED, unless that comes too late.
 */
int blocking_waiter_outcome(struct blocking_waiter *waiter, oip_producer *producer, int result, uint64_t *sequence,
                            bool gives_up);

#endif
