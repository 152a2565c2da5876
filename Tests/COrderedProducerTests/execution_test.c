/* SPDX-License-Identifier: Apache-2.0 */
/* Execution: the bound on width, and that nothing that could run waits for something that does not come. */
#include "Support/lane.h"

#include <sched.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------------------------------- width ---- */

static void slightly_long(struct item *item)
{
    (void)item;
    for (int i = 0; i < 3; i++) {
        sched_yield();
    }
}

/* Workers, the assisting consumer and the helping caller together. */
static void width_is_never_exceeded(int variant)
{
    enum { ITEMS = 300 };
    enum way way = (enum way)(variant / CONSUMERS);
    if (way == BY_RESERVE) {
        return; /* these run elsewhere */
    }
    for (uint32_t width = 1; width <= 3; width++) {
        struct lane *lane = lane_of_variant(variant, ITEMS, 4, OPTIONS(.window = 5, .width = width));
        for (int i = 0; i < ITEMS; i++) {
            lane->items[i].inside = slightly_long;
        }
        CHECK_EQUAL(lane_start(lane), 0);
        CHECK_EQUAL(lane_ask(lane, 0, ITEMS), 0);
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        CHECK_EQUAL(atomic_load(&lane->delivered), ITEMS);
        CHECK(atomic_load(&lane->most_overlaps) <= (int)width);
        lane_end(lane);
    }
}

/* So many items run at once as the width says, not fewer: they wait for one another. */
static void width_is_reached(int consumer)
{
    enum { WIDTH = 3 };
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 12, 4, OPTIONS(.width = WIDTH));
    sem_t begun, hold;
    sem_init(&begun, 0, 0);
    sem_init(&hold, 0, 0);
    for (int i = 0; i < 12; i++) {
        lane->items[i].begun = &begun;
        lane->items[i].hold = &hold;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 12), 0);
    for (int i = 0; i < 12; i += WIDTH) {
        for (int k = 0; k < WIDTH; k++) {
            wait_for(&begun);
        }
        CHECK_EQUAL(atomic_load(&lane->overlaps), WIDTH);
        for (int k = 0; k < WIDTH; k++) {
            sem_post(&hold);
        }
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->most_overlaps), WIDTH);
    lane_end(lane);
}

/* Without a width of its own a producer fills the pool. */
static void all_threads_run_items(int consumer)
{
    enum { THREADS = 5 };
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, THREADS, THREADS, OPTIONS(.no_assist = true));
    sem_t begun, hold;
    sem_init(&begun, 0, 0);
    sem_init(&hold, 0, 0);
    for (int i = 0; i < THREADS; i++) {
        lane->items[i].begun = &begun;
        lane->items[i].hold = &hold;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        wait_for(&begun);
    }
    for (int i = 0; i < THREADS; i++) {
        sem_post(&hold);
    }
    lane_end(lane);
}

/* -------------------------------------------------------------------------------------------------- rendezvous ---- */

static pthread_barrier_t barrier;

static void meet(struct item *item)
{
    (void)item;
    pthread_barrier_wait(&barrier);
}

enum { TRIVIAL = 4000, PARTIES = 3, MEETINGS = 10 };

/*
 * After thousands of trivial items, which are claimed several at once, come some that wait for one another: what one
 * thread holds must be taken by others, although its cost was measured to be next to nothing.
 */
static void items_that_meet_after_trivial_ones(int variant)
{
    enum { ROUND = TRIVIAL + PARTIES };
    /* Room for all: a caller that helps would wait inside an item for those that it has not asked for yet. */
    struct lane *lane = lane_of_variant(variant, ROUND * MEETINGS, PARTIES, OPTIONS(.window = ROUND * MEETINGS));
    CHECK_EQUAL(pthread_barrier_init(&barrier, NULL, PARTIES), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    for (int meeting = 0; meeting < MEETINGS; meeting++) {
        int first = meeting * ROUND;
        for (int i = 0; i < PARTIES; i++) {
            lane->items[first + TRIVIAL + i].inside = meet;
        }
        CHECK_EQUAL(lane_ask(lane, first, ROUND), 0);
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), ROUND * MEETINGS);
    lane_end(lane);
}

/* The same where nothing is asked for behind them, and the head is one of those that wait. */
static void the_last_items_meet(int consumer)
{
    enum { LAST = 100 };
    for (int round = 0; round < 20; round++) {
        struct lane *lane = lane_create(BY_MANY, (enum consumer)consumer, LAST + PARTIES, PARTIES, NULL);
        CHECK_EQUAL(pthread_barrier_init(&barrier, NULL, PARTIES), 0);
        for (int i = 0; i < PARTIES; i++) {
            lane->items[LAST + i].inside = meet;
        }
        CHECK_EQUAL(lane_ask(lane, 0, LAST), 0);
        CHECK_EQUAL(lane_start(lane), 0);
        CHECK_EQUAL(lane_ask(lane, LAST, PARTIES), 0);
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        CHECK_EQUAL(atomic_load(&lane->delivered), LAST + PARTIES);
        lane_end(lane);
        pthread_barrier_destroy(&barrier);
    }
}

/* Functions on the pool that wait for one another need as many threads as there are. */
static void meet_in_pool(void *argument)
{
    pthread_barrier_wait(&barrier);
    sem_post(argument);
}

static void functions_that_meet(int variant)
{
    (void)variant;
    enum { ROUNDS = 300, THREADS = 4 };
    oip_pool *pool = pool_of(THREADS);
    sem_t done;
    sem_init(&done, 0, 0);
    CHECK_EQUAL(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < THREADS; i++) {
            CHECK_EQUAL(oip_pool_run(pool, meet_in_pool, &done), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            wait_for(&done);
        }
    }
    pool_end(pool);
}

/* A lone item, again and again: nothing waits below a threshold for a helper that does not exist. */
static void every_lone_item_arrives(int variant)
{
    enum { ITEMS = 400 };
    struct lane *lane = lane_of_variant(variant, ITEMS, 2, NULL);
    CHECK_EQUAL(lane_start(lane), 0);
    for (int i = 0; i < ITEMS; i++) {
        CHECK_EQUAL(lane_ask(lane, i, 1), 0);
        wait_for(&lane->arrivals);
    }
    lane_end(lane);
}

/* The consumer waits outside of the library for the next item to begin: it will not run it. */
static sem_t second_begun;

static int wait_for_second(struct lane *lane, struct item *item)
{
    if (item == &lane->items[0]) {
        wait_for(&second_begun);
    }
    return 0;
}

static void items_run_while_the_consumer_is_busy(int variant)
{
    sem_init(&second_begun, 0, 0);
    struct lane *lane = lane_of_variant(variant, 2, 2, NULL);
    lane->on_delivery = wait_for_second;
    lane->items[1].begun = &second_begun;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"width is never exceeded", width_is_never_exceeded, WAYS * CONSUMERS, lane_name},
        {"width is reached", width_is_reached, CONSUMERS, consumer_name},
        {"all threads run items", all_threads_run_items, CONSUMERS, consumer_name},
        {"items that meet after trivial ones", items_that_meet_after_trivial_ones, WAYS * CONSUMERS, lane_name},
        {"the last items meet", the_last_items_meet, CONSUMERS, consumer_name},
        {"functions that meet", functions_that_meet, 0, NULL},
        {"every lone item arrives", every_lone_item_arrives, WAYS * CONSUMERS, lane_name},
        {"items run while the consumer is busy", items_run_while_the_consumer_is_busy, WAYS * CONSUMERS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
