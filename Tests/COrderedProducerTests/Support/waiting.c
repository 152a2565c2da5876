/* SPDX-License-Identifier: Apache-2.0 */
#include "waiting.h"

#include "check.h"

#include <errno.h>
#include <string.h>

void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
        CHECK_EQUAL(errno, EINTR);
    }
}

void post_many(sem_t *semaphore, int count)
{
    while (count-- > 0) {
        sem_post(semaphore);
    }
}

static void blocking_waiter_done(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    struct blocking_waiter *at = (struct blocking_waiter *)(void *)waiter;
    at->result = result;
    at->sequence = sequence;
    sem_post(&at->told);
}

void blocking_waiter_init(struct blocking_waiter *waiter)
{
    /* Whatever it holds besides, it is the library's to set. */
    memset(waiter, 0xa5, sizeof *waiter);
    waiter->waiter.done = blocking_waiter_done;
    waiter->waiter.context = NULL;
    sem_init(&waiter->told, 0, 0);
}

int blocking_waiter_outcome(struct blocking_waiter *waiter, oip_producer *producer, int result, uint64_t *sequence,
                            bool gives_up)
{
    if (result != -EINPROGRESS) {
        return result;
    }
    if (gives_up) {
        int cancelled = oip_cancel(producer, &waiter->waiter);
        if (cancelled == 0) {
            CHECK(sem_trywait(&waiter->told) != 0);
            return -ECANCELED;
        }
        CHECK_EQUAL(cancelled, -EALREADY);
    }
    wait_for(&waiter->told);
    *sequence = waiter->sequence;
    return waiter->result;
}
