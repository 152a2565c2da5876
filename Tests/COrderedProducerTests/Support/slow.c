/* SPDX-License-Identifier: Apache-2.0 */
#include "slow.h"

void slow_caller_init(struct slow_caller *caller, uint64_t sequence)
{
    *caller = (struct slow_caller){.sequence = sequence};
    sem_init(&caller->has_sequence, 0, 0);
    sem_init(&caller->may_publish, 0, 0);
}

void slow_caller_observe(void *context, const struct oip_event *event)
{
    struct slow_caller *caller = context;
    if (event->kind == OIP_REQUESTED && event->sequence == caller->sequence) {
        sem_post(&caller->has_sequence);
        wait_for(&caller->may_publish);
    }
}

static void *ask(void *context)
{
    struct slow_caller *caller = context;
    caller->result = caller->ask(caller);
    return NULL;
}

void slow_caller_begin(struct slow_caller *caller, int (*function)(struct slow_caller *caller), void *context)
{
    caller->ask = function;
    caller->context = context;
    CHECK_EQUAL(pthread_create(&caller->thread, NULL, ask, caller), 0);
    wait_for(&caller->has_sequence);
}

int slow_caller_goes_on(struct slow_caller *caller)
{
    sem_post(&caller->may_publish);
    CHECK_EQUAL(pthread_join(caller->thread, NULL), 0);
    return caller->result;
}

static void hold(void *context)
{
    struct stuck_pool *stuck = context;
    sem_post(&stuck->begun);
    wait_for(&stuck->hold);
}

void stuck_pool_hold(struct stuck_pool *stuck, oip_pool *pool)
{
    if (stuck->pool == NULL) {
        stuck->pool = pool;
        sem_init(&stuck->begun, 0, 0);
        sem_init(&stuck->hold, 0, 0);
    }
    CHECK_EQUAL(oip_pool_run(pool, hold, stuck), 0);
    wait_for(&stuck->begun);
}

void stuck_pool_let_go(struct stuck_pool *stuck, int count)
{
    post_many(&stuck->hold, count);
}

static void look(void *done)
{
    sem_post(done);
}

void pool_has_looked(oip_pool *pool)
{
    sem_t done;
    sem_init(&done, 0, 0);
    CHECK_EQUAL(oip_pool_run(pool, look, &done), 0); /* the run queue is first in, first out */
    wait_for(&done);
}
