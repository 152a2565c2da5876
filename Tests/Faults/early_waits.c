/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeps that end although nobody woke the sleeper, processors that are given up around each sleep and wake, and a
 * clock that leaps: none of it changes what is delivered, or that everything ends.
 */
#include "injection.h"
#include "waits.h"

#include "Support/lane.h"

#include <stdio.h>

enum { VARIANTS = WAYS * CONSUMERS, ITEMS = 60, STEPS = 6 };

static void run_through(struct lane *lane, int first, int count)
{
    CHECK_EQUAL(lane_ask(lane, first, count), 0);
}

/* Items one by one, so that everybody falls asleep in between; then a run of them through a small window. */
static void produce_and_stop(int variant, uint32_t threads)
{
    struct lane *lane = lane_of_variant(variant, ITEMS, threads, OPTIONS(.window = 4, .wait = OIP_WAIT_PARK));
    CHECK_EQUAL(lane_start(lane), 0);
    for (int i = 0; i < STEPS; i++) {
        run_through(lane, i, 1);
        wait_for(&lane->arrivals);
    }
    run_through(lane, STEPS, ITEMS - STEPS);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), ITEMS);
    lane_end(lane);
    expect_nothing_left();
}

static void each_sleep_may_end_early(int variant)
{
    static const long periods[] = {1, 2, 3, 7};
    for (int early = EARLY_INTERRUPTED; early < EARLIES; early++) {
        for (int i = 0; i < 4; i++) {
            waits_end_early((enum early)early, periods[i]);
            produce_and_stop(variant, 2);
            CHECK(periods[i] > 1 || waits_ended_early() > 0);
        }
    }
    waits_report();
}

/* One sleep, for each of those that a run has, until one has fewer. */
static void one_sleep_ends_early(int variant)
{
    enum { MOST = 300 };
    for (int early = EARLY_INTERRUPTED; early < EARLIES; early++) {
        long number = 0;
        do {
            wait_ends_early((enum early)early, ++number);
            produce_and_stop(variant, 1);
        } while (waits_ended_early() != 0 && number < MOST);
        CHECK(number > 1);
    }
    waits_report();
}

static void processors_are_given_up(int variant)
{
    waits_dawdle(true);
    for (int round = 0; round < 10; round++) {
        waits_end_early(EARLY_INTERRUPTED, 2);
        produce_and_stop(variant, 3);
    }
    waits_report();
}

static void the_clock_leaps(int variant)
{
    static const struct {
        long every;
        int64_t seconds;
    } leaps[] = {{1, 1}, {5, 3600}, {50, 86400 * 365L}};
    for (int i = 0; i < 3; i++) {
        clock_leaps(leaps[i].every, leaps[i].seconds * 1000000000);
        produce_and_stop(variant, 2);
    }
    CHECK(clock_looks() > 0);
    waits_report();
}

/* Where membarrier is missing, full fences stand in for it. */
static void there_is_no_membarrier(int variant)
{
    injection_begin(2, 2); /* a pool asks for the processors first */
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    oip_pool *pool = NULL;
    CHECK_EQUAL(oip_pool_create(&pool, &options), 0);
    CHECK_EQUAL(injection_end(), 1);
    pool_end(pool);
    for (int round = 0; round < 5; round++) {
        produce_and_stop(variant, 2);
    }
    injection_report();
    waits_report();
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"each sleep may end early", each_sleep_may_end_early, VARIANTS, lane_name},
        {"one sleep ends early", one_sleep_ends_early, VARIANTS, lane_name},
        {"processors are given up", processors_are_given_up, VARIANTS, lane_name},
        {"the clock leaps", the_clock_leaps, VARIANTS, lane_name},
        {"there is no membarrier", there_is_no_membarrier, VARIANTS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
