/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers that are slow between their sequence and its publication: what was ready behind them is run as soon as they
 * have published, whatever that was, and an ending waits for nobody else.
 */
#include "Support/lane_items.h"
#include "Support/slow.h"
#include "sleeps.h"

#include <sched.h>
#include <stdio.h>

static struct slow_caller caller;

/* ---------------------------------------------------------------------------------- what is ready behind them ---- */

static const char *plain_or_deadlines(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s%s", consumer_name(variant % CONSUMERS),
             variant < CONSUMERS ? "" : ", with deadlines");
    return name;
}

/* A pool of two threads, one of them stuck, and a lane whose caller is slow with sequence 0. */
static struct lane *slow_lane(enum consumer consumer, struct stuck_pool *stuck, struct oip_producer_options *options)
{
    slow_caller_init(&caller, 0);
    options->observe = slow_caller_observe;
    options->observe_context = &caller;
    struct lane *lane = lane_create(BY_PRODUCE, consumer, 2, 2, options);
    stuck_pool_hold(stuck, lane->pool);
    CHECK_EQUAL(lane_start(lane), 0);
    if (consumer == THREAD) {
        WAIT_UNTIL(sleeps_for_good("oip-consumer"));
    } else if (consumer == ATTACHED || consumer == LOOP) {
        WAIT_UNTIL(thread_sleeps_for_good(lane->thread));
    }
    return lane;
}

static int reserve_first(struct slow_caller *slow)
{
    return oip_reserve(((struct lane *)slow->context)->producer, &(uint64_t){0});
}

/* A worker has looked for item 1 in vain, because sequence 0 was not published. The reservation uncovers it. */
static void a_reservation_uncovers_what_is_ready_behind_it(int variant)
{
    struct stuck_pool stuck = {0};
    sem_t begun, hold;
    struct lane *lane =
        slow_lane((enum consumer)(variant % CONSUMERS), &stuck, OPTIONS(.deadlines = variant >= CONSUMERS));
    lane_hold(lane, 1, 2, &begun, &hold);
    slow_caller_begin(&caller, reserve_first, lane);
    CHECK_EQUAL(lane_ask(lane, 1, 1), 0);
    pool_has_looked(lane->pool);
    stuck_pool_let_go(&stuck, 1);
    CHECK_EQUAL(slow_caller_goes_on(&caller), 0);
    wait_for(&begun); /* nothing else happens: the reservation is not finished before */
    sem_post(&hold);
    lane_accepted(lane, 0, 0);
    lane_finish_elsewhere(&lane->items[0]);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 2);
    lane_end(lane);
}

static int ask_for_first(struct slow_caller *slow)
{
    struct lane *lane = slow->context;
    return lane_ask(lane, 0, 1);
}

static int ask_for_first_by_many(struct slow_caller *slow)
{
    return lane_ask_by(slow->context, BY_MANY, 0, 1);
}

static const char *one_or_many(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s%s", consumer_name(variant % CONSUMERS), variant < CONSUMERS ? "" : ", by many");
    return name;
}

/* The consumer sleeps, waits for item 0, and is woken to run it: the pool has to hear of item 1 all the same. */
static void an_item_for_the_consumer_uncovers_what_is_ready_behind_it(int variant)
{
    struct stuck_pool stuck = {0};
    struct lane *lane = slow_lane((enum consumer)(variant % CONSUMERS), &stuck, OPTIONS(.window = 4));
    sem_t second_begun;
    sem_init(&second_begun, 0, 0);
    lane->items[0].hold = &second_begun; /* the first waits for the second */
    lane->items[1].begun = &second_begun;
    slow_caller_begin(&caller, variant < CONSUMERS ? ask_for_first : ask_for_first_by_many, lane);
    CHECK_EQUAL(lane_ask(lane, 1, 1), 0);
    pool_has_looked(lane->pool);
    stuck_pool_let_go(&stuck, 1);
    CHECK_EQUAL(slow_caller_goes_on(&caller), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 2);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a reservation uncovers what is ready behind it", a_reservation_uncovers_what_is_ready_behind_it,
         CONSUMERS * 2, plain_or_deadlines},
        {"an item for the consumer uncovers what is ready", an_item_for_the_consumer_uncovers_what_is_ready_behind_it,
         CONSUMERS * 2, one_or_many},
        {0},
    };
    return run_tests(tests, count, arguments);
}
