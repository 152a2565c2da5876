/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread is the consumer: the one that took items last, for as long as it lives, and no other. */
#include "Support/lane.h"
#include "window.h"

#include <sched.h>

static _Thread_local char place; /* at the same address in threads that have the same memory, one after the other */
static _Atomic(char *) consumers_place;
static oip_producer *producer;

static int square(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static oip_pool *attach_producer(size_t window)
{
    oip_pool *pool = pool_of(1);
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.window = window, .payload_size = 8, .run = square)), 0);
    CHECK_EQUAL(oip_attach(producer), 0);
    return pool;
}

/* Takes one item, with oip_next() or without waiting, and leaves the rest to another thread. */
static void *take_one(void *polls)
{
    uint64_t payload;
    if (polls != NULL) {
        WAIT_UNTIL(oip_try_next(producer, &payload, NULL) == 1);
    } else {
        CHECK_EQUAL(oip_next(producer, &payload, NULL), 1);
    }
    atomic_store(&consumers_place, &place);
    return NULL;
}

static void take_the_rest(void)
{
    uint64_t payload;
    while (oip_next(producer, &payload, NULL) == 1) {
    }
    oip_detach(producer);
}

/* A thread in the memory of the one that consumed: what it calls, and its result. */
static int (*call)(void);
static atomic_bool returned;
enum { ELSEWHERE = 1 };

static int stop(void)
{
    return oip_stop(producer, NULL);
}

static int ask(void)
{
    uint64_t payload = 0;
    return oip_produce(producer, &payload, NULL);
}

static void *call_there(void *unused)
{
    (void)unused;
    int result = &place == atomic_load(&consumers_place) ? call() : ELSEWHERE;
    atomic_store(&returned, true);
    return (void *)(intptr_t)result;
}

/* Calls `function` there; does `meanwhile` when the call waits, as `waits` says. */
static void expect_success(int (*function)(void), bool (*waits)(void), void (*meanwhile)(void))
{
    intptr_t result = ELSEWHERE;
    call = function;
    /* The C library gives the memory of the last thread to the next one; mostly the first time. */
    for (int tries = 0; result == ELSEWHERE && tries < 100; tries++) {
        pthread_t thread;
        void *value;
        atomic_store(&returned, false);
        CHECK_EQUAL(pthread_create(&thread, NULL, call_there, NULL), 0);
        WAIT_UNTIL(atomic_load(&returned) || waits());
        if (!atomic_load(&returned)) {
            meanwhile();
        }
        CHECK_EQUAL(pthread_join(thread, &value), 0);
        result = (intptr_t)value;
    }
    CHECK_EQUAL(result, 0);
}

static void let_the_first_be_taken(int polls)
{
    uint64_t payload = 0;
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, take_one, polls ? &place : NULL), 0);
    CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static bool is_stopping(void)
{
    uint64_t payload = 0;
    return oip_try_produce(producer, &payload, NULL) == -EPIPE;
}

static void a_later_thread_may_stop(int polls)
{
    oip_pool *pool = attach_producer(4);
    let_the_first_be_taken(polls);
    expect_success(stop, is_stopping, take_the_rest);
    oip_producer_release(producer);
    pool_end(pool);
}

static void fill(void)
{
    uint64_t payload = 0;
    while (oip_try_produce(producer, &payload, NULL) == 0) {
    }
}

static bool a_caller_waits(void)
{
    return (atomic_load(&producer->callers_wait) & CALLERS_WAIT) != 0;
}

static void make_room(void)
{
    uint64_t payload;
    CHECK_EQUAL(oip_next(producer, &payload, NULL), 1);
}

static void a_later_thread_may_wait_for_room(int polls)
{
    oip_pool *pool = attach_producer(2);
    let_the_first_be_taken(polls);
    fill();
    expect_success(ask, a_caller_waits, make_room);
    oip_finish(producer);
    take_the_rest();
    oip_producer_release(producer);
    pool_end(pool);
}

/* It would wait for itself: nobody else takes items. */
static void the_consumer_is_refused(int polls)
{
    oip_pool *pool = attach_producer(2);
    uint64_t payload = 0;
    CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
    take_one(polls ? &place : NULL);
    fill();
    CHECK_EQUAL(ask(), -EDEADLK);
    CHECK_EQUAL(stop(), -EDEADLK);
    oip_finish(producer);
    take_the_rest();
    CHECK_EQUAL(stop(), 0); /* nothing is left to wait for */
    oip_producer_release(producer);
    pool_end(pool);
}

static const char *how(int polls)
{
    return polls ? "oip_try_next" : "oip_next";
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a later thread in the consumer's memory may stop", a_later_thread_may_stop, 2, how},
        {"a later thread in the consumer's memory may wait for room", a_later_thread_may_wait_for_room, 2, how},
        {"the consumer's own waits are refused", the_consumer_is_refused, 2, how},
        {0},
    };
    return run_tests(tests, count, arguments);
}
