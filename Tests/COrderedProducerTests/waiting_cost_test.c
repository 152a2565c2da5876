/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a waiting caller costs does not depend on how many wait. So many wait here that anything linear in them takes
 * minutes: nobody looks at a clock, a test hangs.
 */
#include "Support/lane.h"
#include "sleeps.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 8, MANY = 300000, STRIDE = 77291 }; /* a prime: in memory they lie in another order than they come */

static struct oip_waiter waiters[MANY];
static uint64_t payload;
static atomic_int served, refused;

/* Consumed by the thread of each test, or by a sink. */
static int run(void *context, void *item, uint64_t sequence)
{
    (void)context, (void)item, (void)sequence;
    return 0;
}

static int sink(void *context, void *item, uint64_t sequence)
{
    (void)context, (void)item, (void)sequence;
    return 0;
}

/* They are let in as they came, behind a full window. Where several threads let callers in, they tell in any order. */
static void done(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    if (result == 0) {
        CHECK_EQUAL(sequence, WINDOW + (uintptr_t)waiter->context);
        atomic_fetch_add(&served, 1);
    } else {
        CHECK_EQUAL(result, -EPIPE);
        atomic_fetch_add(&refused, 1);
    }
}

static struct oip_waiter *waiter_at(int place)
{
    return &waiters[(int64_t)place * STRIDE % MANY];
}

static void begin_to_wait(oip_producer *producer, int first, int end)
{
    for (int i = first; i < end; i++) {
        struct oip_waiter *waiter = waiter_at(i);
        *waiter = (struct oip_waiter){.done = done, .context = (void *)(uintptr_t)i};
        CHECK_EQUAL(oip_produce_async(producer, &payload, NULL, waiter), -EINPROGRESS);
    }
}

/* A full window of which nothing is delivered, and many who wait for room in it. */
static oip_producer *full_producer(oip_pool *pool, int waiting)
{
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.window = WINDOW, .payload_size = 8, .run = run)), 0);
    oip_pause(producer);
    CHECK_EQUAL(oip_start_sink(producer, sink, NULL), 0);
    for (int i = 0; i < WINDOW; i++) {
        CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
    }
    begin_to_wait(producer, 0, waiting);
    return producer;
}

static void end(oip_producer *producer, oip_pool *pool)
{
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    oip_producer_release(producer);
    pool_end(pool);
}

static void many_are_served_in_their_order(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    oip_producer *producer = full_producer(pool, MANY);
    oip_resume(producer);
    WAIT_UNTIL(atomic_load(&served) == MANY);
    end(producer, pool);
    CHECK_EQUAL(atomic_load(&refused), 0);
}

static void many_are_sent_home_by_the_end(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    oip_producer *producer = full_producer(pool, MANY);
    oip_stop_producing(producer);
    CHECK_EQUAL(atomic_load(&refused), MANY);
    end(producer, pool);
}

enum order { FIRST_COME, LAST_COME, ANY_ORDER, ORDERS };

static const char *order_name(int order)
{
    static const char *const names[] = {"the first first", "the last first", "in any order"};
    return names[order];
}

/* Where cancelling is linear, one of these orders is the bad one, whichever end a list is searched from. */
static void many_take_back_their_wait(int order)
{
    oip_pool *pool = pool_of(2);
    oip_producer *producer = full_producer(pool, MANY);
    for (int i = 0; i < MANY; i++) {
        int place = order == FIRST_COME ? i : order == LAST_COME ? MANY - 1 - i : (int)((int64_t)i * 100003 % MANY);
        CHECK_EQUAL(oip_cancel(producer, waiter_at(place)), 0);
        memset(waiter_at(place), 0xA5, sizeof(struct oip_waiter)); /* nobody looks at it from here on */
    }
    oip_resume(producer);
    CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0); /* nobody is in front any more */
    end(producer, pool);
    CHECK_EQUAL(atomic_load(&served) + atomic_load(&refused), 0);
}

/* Callers come and go again, while many others wait in front of and behind them. */
static void one_comes_and_goes_beside_many(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    oip_producer *producer = full_producer(pool, MANY / 2);
    for (int i = MANY / 2; i < MANY; i++) {
        begin_to_wait(producer, i, i + 1);
        CHECK_EQUAL(oip_cancel(producer, waiter_at(i)), 0);
    }
    oip_resume(producer);
    WAIT_UNTIL(atomic_load(&served) == MANY / 2);
    end(producer, pool);
}

/* A processor that runs other threads is not interrupted because somebody waits. */
static void no_wait_interrupts_other_processors(int variant)
{
    (void)variant;
    enum { WAITS = 5000, FEW = 10 };
    oip_pool *pool = pool_of(2);
    oip_producer *producer = full_producer(pool, 1);
    long before = membarriers();
    begin_to_wait(producer, 1, WAITS);
    CHECK(membarriers() - before <= FEW);
    oip_resume(producer);
    WAIT_UNTIL(atomic_load(&served) == WAITS);
    end(producer, pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"many are served in their order", many_are_served_in_their_order, 0, NULL},
        {"many are sent home by the end", many_are_sent_home_by_the_end, 0, NULL},
        {"many take back their wait", many_take_back_their_wait, ORDERS, order_name},
        {"one comes and goes beside many", one_comes_and_goes_beside_many, 0, NULL},
        {"no wait interrupts other processors", no_wait_interrupts_other_processors, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
