/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics: what is counted, now and since creation, and who was to blame for a head-of-line stall. */
#include "Support/lane.h"

#include "delivery.h"

#include <sched.h>
#include <stdlib.h>

static struct oip_statistics statistics_of(struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    return statistics;
}

static void a_new_producer_has_counted_nothing(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, NULL);
    struct oip_statistics statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.requested + statistics.delivered + statistics.failed + statistics.skipped +
                    statistics.discarded + statistics.running + statistics.finished_waiting + statistics.outstanding +
                    statistics.head + statistics.assisted + statistics.helped + statistics.head_of_line_stall,
                0);
    CHECK(statistics.longest_stall_sequence == UINT64_MAX);
    lane_end(lane);
}

static void items_are_counted_where_they_are(int variant)
{
    sem_t begun, hold;
    sem_init(&begun, 0, 0);
    sem_init(&hold, 0, 0);
    struct lane *lane = lane_of_variant(variant, 7, 2, OPTIONS(.window = 8));
    for (int i = 3; i < 5; i++) {
        lane->items[i].begun = &begun;
        lane->items[i].hold = &hold;
    }
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    WAIT_UNTIL(statistics_of(lane).finished_waiting == 3);
    CHECK_EQUAL(lane_ask(lane, 3, 2), 0); /* keep both threads */
    wait_for(&begun);
    wait_for(&begun);
    CHECK_EQUAL(lane_ask(lane, 5, 2), 0);
    struct oip_statistics statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.requested, 7);
    CHECK_EQUAL(statistics.outstanding, 7);
    CHECK_EQUAL(statistics.running, lane->way == BY_RESERVE ? 4 : 2); /* reserved items count from the beginning */
    CHECK_EQUAL(statistics.finished_waiting, 3);
    CHECK_EQUAL(statistics.delivered, 0);
    CHECK_EQUAL(statistics.head, 0);
    sem_post(&hold);
    sem_post(&hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.delivered, 7);
    CHECK_EQUAL(statistics.head, 7);
    CHECK_EQUAL(statistics.outstanding + statistics.running + statistics.finished_waiting, 0);
    lane_end(lane);
}

static void discarded_items_are_counted(int variant)
{
    struct lane *lane = lane_of_variant(variant, 6, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_ask(lane, 0, 6), 0);
    oip_stop_producing(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    struct oip_statistics statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.discarded, 6);
    CHECK_EQUAL(statistics.delivered, 0);
    CHECK_EQUAL(statistics.failed, 0);
    lane_end(lane);
}

/* The consumer sleeps for the head while a later item finishes: that is a stall, and the head's fault. */
static void a_stall_names_the_slow_item(int consumer)
{
    sem_t begun, hold;
    sem_init(&begun, 0, 0);
    sem_init(&hold, 0, 0);
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 3, 2, OPTIONS(.no_assist = true));
    lane->items[1].begun = &begun;
    lane->items[1].hold = &hold;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    wait_for(&begun);
    WAIT_UNTIL(atomic_load(&lane->producer->delivery) == delivery_word(1, DELIVERY_IDLE));
    CHECK_EQUAL(lane_ask(lane, 2, 1), 0);
    /* Not until it has finished: its thread tells of that before it notes the stall, and the head could come between. */
    WAIT_UNTIL(atomic_load(&lane->producer->stall_began) != 0);
    sem_post(&hold);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    struct oip_statistics statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.longest_stall_sequence, 1);
    CHECK(statistics.longest_stall > 0 && statistics.longest_stall <= statistics.head_of_line_stall);
    lane_end(lane);
}

static void who_ran_an_item_is_counted(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 2000, 2, OPTIONS(.window = 4, .no_assist = true));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2000), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(statistics_of(lane).assisted, 0);
    CHECK_EQUAL(statistics_of(lane).helped, 0);
    lane_end(lane);

    /* The only thread of the pool is kept: consumer and callers make everything. */
    sem_t begun, hold;
    sem_init(&begun, 0, 0);
    sem_init(&hold, 0, 0);
    struct lane *keeper = lane_create(BY_PRODUCE, THREAD, 1, 1, OPTIONS(.no_assist = true));
    keeper->items[0].begun = &begun;
    keeper->items[0].hold = &hold;
    CHECK_EQUAL(lane_ask(keeper, 0, 1), 0);
    wait_for(&begun);
    lane = lane_create(BY_PRODUCE, THREAD, 2000, 1, NULL);
    oip_pool *unused = lane->pool;
    oip_producer_release(lane->producer);
    wait_for(&lane->released);
    lane->pool = keeper->pool;
    lane_new_producer(lane, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2000), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    struct oip_statistics statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.assisted + statistics.helped, 2000);
    CHECK(statistics.assisted > 0);
    lane->pool = unused;
    sem_post(&hold);
    lane_end(lane);
    lane_end(keeper);
}

static void an_older_program_gets_what_it_knows(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, NULL);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    struct oip_statistics statistics = {.size = offsetof(struct oip_statistics, delivered), .delivered = 4711};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    CHECK_EQUAL(statistics.requested, 1);
    CHECK_EQUAL(statistics.delivered, 4711);
    CHECK_EQUAL(statistics.size, offsetof(struct oip_statistics, delivered));
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a new producer has counted nothing", a_new_producer_has_counted_nothing, 0, NULL},
        {"items are counted where they are", items_are_counted_where_they_are, WAYS * CONSUMERS, lane_name},
        {"discarded items are counted", discarded_items_are_counted, WAYS * CONSUMERS, lane_name},
        {"a stall names the slow item", a_stall_names_the_slow_item, CONSUMERS, consumer_name},
        {"who ran an item is counted", who_ran_an_item_is_counted, 0, NULL},
        {"an older program gets what it knows", an_older_program_gets_what_it_knows, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
