/* SPDX-License-Identifier: Apache-2.0 */
/* Large numbers: a thousand producers on one pool, a deep reorder ring behind a slow head; and no work at all. */
#include "Support/lane.h"
#include "Support/threads.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

/* ---------------------------------------------------------------------------- a thousand producers on one pool ---- */

enum { PRODUCERS = 1000, ITEMS = 20 };

static atomic_int running_producers, finished_producers;
static atomic_long sums[PRODUCERS];

static int add(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)sequence;
    *(uint64_t *)payload += 1;
    return 0;
}

static int add_up(void *context, void *payload, uint64_t sequence)
{
    atomic_fetch_add((atomic_long *)context, (long)(*(uint64_t *)payload * (sequence + 1)));
    return 0;
}

static void a_thousand_producers_all_progress(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    static oip_producer *producers[PRODUCERS];
    for (int p = 0; p < PRODUCERS; p++) {
        CHECK_EQUAL(oip_producer_create(&producers[p], pool, OPTIONS(.window = 8, .payload_size = 8, .run = add)), 0);
        CHECK_EQUAL(oip_start_sink(producers[p], add_up, &sums[p]), 0);
    }
    for (uint64_t i = 0; i < ITEMS; i++) {
        for (int p = 0; p < PRODUCERS; p++) {
            CHECK_EQUAL(oip_produce(producers[p], &i, NULL), 0);
        }
    }
    long expected = 0;
    for (long i = 1; i <= ITEMS; i++) {
        expected += i * i;
    }
    for (int p = 0; p < PRODUCERS; p++) {
        CHECK_EQUAL(oip_stop(producers[p], NULL), 0);
        CHECK_EQUAL(atomic_load(&sums[p]), expected);
        oip_producer_release(producers[p]);
    }
    pool_end(pool);
}

/* Fair: while one producer always has items, each other one gets its turn. The one ends only when all others have. */
static oip_producer *hog;

static int ask_again(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    uint64_t input = 0;
    if (atomic_load(&running_producers) > 0) {
        oip_try_produce(hog, &input, NULL);
    }
    return 0;
}

static int count_down(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload;
    if (sequence == ITEMS - 1) {
        atomic_fetch_sub(&running_producers, 1);
        atomic_fetch_add(&finished_producers, 1);
    }
    return 0;
}

static int ignore(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static void a_busy_producer_does_not_starve_the_others(int threads)
{
    enum { OTHERS = 50, STARTS = 100 };
    oip_pool *pool = pool_of((uint32_t)threads + 1);
    atomic_store(&running_producers, OTHERS);
    CHECK_EQUAL(oip_producer_create(&hog, pool, OPTIONS(.window = 256, .payload_size = 8, .run = ask_again)), 0);
    CHECK_EQUAL(oip_start_sink(hog, ignore, NULL), 0);
    uint64_t input = 0;
    for (int i = 0; i < STARTS; i++) {
        CHECK_EQUAL(oip_produce(hog, &input, NULL), 0);
    }
    oip_producer *others[OTHERS];
    for (int p = 0; p < OTHERS; p++) {
        CHECK_EQUAL(oip_producer_create(&others[p], pool,
                                        OPTIONS(.window = ITEMS, .payload_size = 8, .run = add, .no_assist = true)),
                    0);
        CHECK_EQUAL(oip_start_sink(others[p], count_down, NULL), 0);
        for (uint64_t i = 0; i < ITEMS; i++) {
            CHECK_EQUAL(oip_produce(others[p], &i, NULL), 0);
        }
    }
    for (int p = 0; p < OTHERS; p++) {
        CHECK_EQUAL(oip_stop(others[p], NULL), 0);
        oip_producer_release(others[p]);
    }
    CHECK_EQUAL(atomic_load(&finished_producers), OTHERS);
    CHECK_EQUAL(oip_stop(hog, NULL), 0);
    oip_producer_release(hog);
    pool_end(pool);
}

static const char *thread_count(int variant)
{
    return variant == 0 ? "1 thread" : "2 threads";
}

/* ----------------------------------------------------------------------------------------- a deep reorder ring ---- */

enum { DEEP = 200000 };

static sem_t slow_begun, slow_goes_on;

static int slow_head(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload;
    if (sequence == 0) {
        sem_post(&slow_begun);
        wait_for(&slow_goes_on);
    }
    return 0;
}

static int check_order(void *context, void *payload, uint64_t sequence)
{
    uint64_t *next = context;
    CHECK_EQUAL(sequence, *next);
    CHECK_EQUAL(*(uint64_t *)payload, sequence);
    ++*next;
    return 0;
}

static void *check_all(oip_producer *producer, void *argument)
{
    uint64_t payload, sequence;
    while (oip_next(producer, &payload, &sequence) == 1) {
        check_order(argument, &payload, sequence);
    }
    return NULL;
}

static void finished_items_wait_behind_a_slow_head(int sink)
{
    sem_init(&slow_begun, 0, 0);
    sem_init(&slow_goes_on, 0, 0);
    oip_pool *pool = pool_of(2);
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.window = 1 << 18, .payload_size = 8, .run = slow_head)),
                0);
    uint64_t next = 0;
    CHECK_EQUAL(sink ? oip_start_sink(producer, check_order, &next) : oip_start(producer, check_all, &next), 0);
    uint64_t number = 0;
    CHECK_EQUAL(oip_produce(producer, &number, NULL), 0);
    wait_for(&slow_begun);
    for (number = 1; number <= DEEP; number++) {
        CHECK_EQUAL(oip_produce(producer, &number, NULL), 0);
    }
    struct oip_statistics statistics = {.size = sizeof statistics};
    WAIT_UNTIL(oip_get_statistics(producer, &statistics) == 0 && statistics.finished_waiting == DEEP);
    CHECK_EQUAL(statistics.delivered, 0);
    CHECK_EQUAL(statistics.running, 1);
    CHECK_EQUAL(statistics.outstanding, DEEP + 1);
    sem_post(&slow_goes_on);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    CHECK_EQUAL(next, DEEP + 1);
    oip_producer_release(producer);
    pool_end(pool);
}

static const char *thread_or_sink(int sink)
{
    return sink ? "sink" : "thread";
}

/* -------------------------------------------------------------------------------------------------------- idle ---- */

/*
 * After work everything goes to sleep for good: there is a time in which no thread of the library runs, although this
 * thread looks again and again. Bounded by the number of looks; each is a moment's sleep, in which a timer would run
 * out.
 */
static void idle_threads_do_not_run(int consumer)
{
    enum { LOOKS = 400, QUIET_LOOKS = 20 };
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 200, 3, OPTIONS(.window = 16));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 200), 0);
    for (int i = 0; i < 200; i++) {
        wait_for(&lane->arrivals);
    }
    int quiet = 0;
    uint64_t before = library_switches();
    CHECK(before > 0); /* they did run */
    for (int look = 0; look < LOOKS && quiet < QUIET_LOOKS; look++) {
        nanosleep(&(struct timespec){0, 5000000}, NULL);
        uint64_t now = library_switches();
        quiet = now == before ? quiet + 1 : 0;
        before = now;
    }
    CHECK_EQUAL(quiet, QUIET_LOOKS);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a thousand producers all progress", a_thousand_producers_all_progress, 0, NULL},
        {"a busy producer does not starve the others", a_busy_producer_does_not_starve_the_others, 2, thread_count},
        {"finished items wait behind a slow head", finished_items_wait_behind_a_slow_head, 2, thread_or_sink},
        {"idle threads do not run", idle_threads_do_not_run, CONSUMERS, consumer_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
