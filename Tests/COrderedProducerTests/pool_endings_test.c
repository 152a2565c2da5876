/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: functions, and how it ends: by a shutdown, or with the last that holds it. */
#include "Support/lane.h"
#include "Support/threads.h"

#include <sched.h>

/* --------------------------------------------------------------------------------------------------- functions ---- */

static atomic_int calls;

static void count_call(void *argument)
{
    atomic_fetch_add(&calls, 1);
    sem_post(argument);
}

static void functions_run_once_each(int variant)
{
    (void)variant;
    enum { CALLS = 2000 };
    oip_pool *pool = pool_of(3);
    sem_t done;
    sem_init(&done, 0, 0);
    for (int i = 0; i < CALLS; i++) {
        CHECK_EQUAL(oip_pool_run(pool, count_call, &done), 0);
    }
    for (int i = 0; i < CALLS; i++) {
        wait_for(&done);
    }
    CHECK_EQUAL(oip_pool_run(pool, NULL, NULL), -EINVAL);
    pool_end(pool);
    CHECK_EQUAL(atomic_load(&calls), CALLS);
}

static void wait_in_pool(void *argument)
{
    wait_for(argument);
    atomic_fetch_add(&calls, 1);
}

static void *shut_down(void *argument)
{
    CHECK_EQUAL(oip_pool_shutdown(argument), 0);
    return NULL;
}

static void shutdown_waits_for_functions_and_refuses_new_ones(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    sem_t hold;
    sem_init(&hold, 0, 0);
    CHECK_EQUAL(oip_pool_run(pool, wait_in_pool, &hold), 0);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, shut_down, pool), 0);
    }
    sem_t done;
    sem_init(&done, 0, 0);
    int accepted = 0;
    while (oip_pool_run(pool, count_call, &done) == 0) { /* until the shutdown has begun */
        accepted++;
    }
    CHECK_EQUAL(oip_pool_run(pool, count_call, &done), -ESHUTDOWN);
    CHECK_EQUAL(oip_pool_resize(pool, 3), -ESHUTDOWN);
    oip_producer *producer = NULL;
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.window = 1)), -ESHUTDOWN);
    CHECK(producer == NULL);
    sem_post(&hold);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0); /* each returns when all is done */
    }
    CHECK_EQUAL(atomic_load(&calls), accepted + 1);
    WAIT_UNTIL(library_threads() == 0);
    pool_end(pool);
}

/* ----------------------------------------------------------------------------------------------------- release ---- */

static void the_threads_go_with_the_last_producer(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 100, 2, NULL);
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pool_release(lane->pool);
    CHECK_EQUAL(lane_ask(lane, 0, 100), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 100);
    oip_producer_release(lane->producer);
    lane->gone = true;
    WAIT_UNTIL(library_threads() == 0);
    lane->pool = pool_of(1);
    lane_end(lane);
}

static void an_unused_pool_is_released(int variant)
{
    (void)variant;
    for (int i = 0; i < 50; i++) {
        oip_pool_release(pool_of(2)); /* never blocks; the threads leave */
    }
    WAIT_UNTIL(library_threads() == 0);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"functions run once each", functions_run_once_each, 0, NULL},
        {"shutdown waits for functions", shutdown_waits_for_functions_and_refuses_new_ones, 0, NULL},
        {"the threads go with the last producer", the_threads_go_with_the_last_producer, 0, NULL},
        {"an unused pool is released", an_unused_pool_is_released, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
