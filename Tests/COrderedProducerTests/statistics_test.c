/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics: what is counted, now and since creation, and who was to blame for a head-of-line stall. */
#include "Support/lane.h"

#include "delivery.h"
#include "pool.h"

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
    /* Not until it has finished: its thread tells of that before it notes the stall, and the head could come
     * between. */
    WAIT_UNTIL(atomic_load(&lane->producer->stall_began) != 0);
    sem_post(&hold);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    struct oip_statistics statistics = statistics_of(lane);
    CHECK_EQUAL(statistics.longest_stall_sequence, 1);
    CHECK(statistics.longest_stall > 0 && statistics.longest_stall <= statistics.head_of_line_stall);
    lane_end(lane);
}

/* The consumer is kept by an item, and a later one finishes meanwhile; until at least `least` nanoseconds have
 * passed. */
static uint64_t stall(struct lane *lane, int first, sem_t *begun, sem_t *hold, uint64_t least)
{
    CHECK_EQUAL(lane_ask(lane, first, 1), 0);
    wait_for(begun);
    WAIT_UNTIL(atomic_load(&lane->producer->delivery) == delivery_word((uint64_t)first, DELIVERY_IDLE));
    CHECK_EQUAL(lane_ask(lane, first + 1, 1), 0);
    WAIT_UNTIL(atomic_load(&lane->producer->stall_began) != 0);
    uint64_t began = atomic_load(&lane->producer->stall_began);
    WAIT_UNTIL(oip_now() - began >= least);
    uint64_t before = statistics_of(lane).head_of_line_stall;
    sem_post(hold);
    WAIT_UNTIL(atomic_load(&lane->delivered) == first + 2);
    uint64_t lasted = statistics_of(lane).head_of_line_stall - before;
    CHECK(lasted >= least);
    return lasted;
}

static void the_longest_stall_is_kept(int consumer)
{
    enum { STALLS = 4 };
    sem_t begun, hold;
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 2 * STALLS, 2, OPTIONS(.no_assist = true));
    sem_init(&begun, 0, 0);
    sem_init(&hold, 0, 0);
    for (int i = 0; i < 2 * STALLS; i += 2) {
        lane->items[i].begun = &begun;
        lane->items[i].hold = &hold;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    uint64_t longest = 0, total = 0, sequence = 0;
    for (uint64_t i = 0; i < STALLS; i++) {
        uint64_t lasted = stall(lane, 2 * (int)i, &begun, &hold, i == 2 ? longest + 1 : 1); /* the third is longer */
        total += lasted;
        if (lasted > longest) {
            longest = lasted;
            sequence = 2 * i;
        }
        struct oip_statistics statistics = statistics_of(lane);
        CHECK_EQUAL(statistics.head_of_line_stall, total);
        CHECK_EQUAL(statistics.longest_stall, longest);
        CHECK_EQUAL(statistics.longest_stall_sequence, sequence);
    }
    lane_end(lane);
}

static sem_t delivering, let_go;

static int stay_with_the_first(struct lane *lane, struct item *item)
{
    if (item == &lane->items[0]) {
        sem_post(&delivering);
        wait_for(&let_go);
    }
    return 0;
}

/* It has run the head itself, and keeps it while the next one finishes: no item holds up another. */
static void the_consumers_own_time_is_no_stall(int consumer)
{
    sem_init(&delivering, 0, 0);
    sem_init(&let_go, 0, 0);
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 2, 1, OPTIONS(.window = 8));
    lane->on_delivery = stay_with_the_first;
    CHECK_EQUAL(lane_start(lane), 0);
    WAIT_UNTIL(atomic_load(&lane->producer->delivery) == delivery_word(0, DELIVERY_IDLE));
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&delivering);
    CHECK_EQUAL(lane_ask(lane, 1, 1), 0);
    WAIT_UNTIL(lane_finished_waiting(lane) == 1);
    WAIT_UNTIL(pool_awake(lane->pool) == 0);
    CHECK_EQUAL(atomic_load(&lane->producer->stall_began), 0);
    sem_post(&let_go);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(statistics_of(lane).head_of_line_stall, 0);
    lane_end(lane);
}

/* requested = delivered + failed + discarded + outstanding; what is left out has failed, and counts apart as well. */
static void every_item_is_in_one_account(int policy)
{
    enum { ITEMS = 40 };
    for (int consumer = 0; consumer < CONSUMERS; consumer++) {
        struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, ITEMS, 2,
                                        OPTIONS(.window = 64, .on_failure = (enum oip_failure_policy)policy));
        int failing = 0;
        for (int i = 9; i < ITEMS; i += 10) {
            lane->items[i].code = 5;
            failing++;
        }
        CHECK_EQUAL(lane_start(lane), 0);
        int asked = 0;
        while (asked < ITEMS && lane_ask(lane, asked, 1) == 0) {
            asked++;
        }
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        struct oip_statistics statistics = statistics_of(lane);
        CHECK_EQUAL(statistics.requested, asked);
        CHECK_EQUAL(statistics.delivered, atomic_load(&lane->delivered));
        CHECK_EQUAL(statistics.delivered + statistics.failed + statistics.discarded, asked);
        CHECK_EQUAL(statistics.outstanding + statistics.running + statistics.finished_waiting, 0);
        CHECK_EQUAL(statistics.head, asked);
        if (policy == OIP_SKIP) {
            CHECK_EQUAL(statistics.skipped, failing);
            CHECK_EQUAL(statistics.failed, failing);
            CHECK_EQUAL(statistics.discarded, 0);
        } else {
            CHECK(statistics.failed >= 1);
            CHECK_EQUAL(statistics.skipped, 0);
            CHECK(policy == OIP_FAIL_FAST || statistics.delivered == 9);
        }
        lane_end(lane);
    }
}

/* The only thread is inside an item. */
static void a_call_that_wakes_nobody_is_no_wake(int consumer)
{
    sem_t begun, hold;
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 3, 1, OPTIONS(.window = 4, .no_assist = true));
    lane_hold(lane, 0, 1, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&begun);
    struct oip_statistics before = statistics_of(lane);
    CHECK_EQUAL(lane_ask(lane, 1, 2), 0);
    CHECK_EQUAL(statistics_of(lane).worker_wakes, before.worker_wakes);
    sem_post(&hold);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_end(lane);
}

static const char *policy_name(int policy)
{
    static const char *const names[] = {"in order", "fail fast", "skip"};
    return names[policy];
}

static void told_of_room(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(sequence, 1);
    sem_post(waiter->context);
}

/* A parked worker, an idle consumer, a caller without room: each wake is one of its kind. */
static void wakes_are_counted(int consumer)
{
    sem_t begun, hold, let_in;
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 2, 1, OPTIONS(.window = 1, .no_assist = true));
    lane_hold(lane, 0, 1, &begun, &hold);
    sem_init(&let_in, 0, 0);
    CHECK_EQUAL(lane_start(lane), 0);
    WAIT_UNTIL(atomic_load(&lane->producer->delivery) == delivery_word(0, DELIVERY_IDLE));
    WAIT_UNTIL(pool_awake(lane->pool) == 0);
    struct oip_statistics before = statistics_of(lane);
    CHECK_EQUAL(before.consumer_wakes + before.caller_wakes, 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&begun);
    CHECK_EQUAL(statistics_of(lane).worker_wakes, before.worker_wakes + 1);
    struct oip_waiter waiter = {.done = told_of_room, .context = &let_in};
    struct payload payload = lane_input(lane, 1);
    uint64_t sequence;
    CHECK_EQUAL(oip_produce_async(lane->producer, &payload, &sequence, &waiter), -EINPROGRESS);
    lane_accepted(lane, 1, 1);
    CHECK_EQUAL(statistics_of(lane).caller_wakes, 0);
    sem_post(&hold);
    wait_for(&let_in);
    WAIT_UNTIL(atomic_load(&lane->delivered) == 2);
    WAIT_UNTIL(statistics_of(lane).caller_wakes == 1); /* counted once it was told */
    if (consumer == SINK) {
        CHECK_EQUAL(statistics_of(lane).consumer_wakes, 0); /* it has nobody to wake */
    } else if (consumer != ATTACHED && consumer != THREAD) {
        CHECK(statistics_of(lane).consumer_wakes >= 1);
    }
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

static void a_program_gets_what_it_knows(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, NULL);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    struct oip_statistics statistics = {.size = offsetof(struct oip_statistics, delivered), .delivered = 4711};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    CHECK_EQUAL(statistics.requested, 1);
    CHECK_EQUAL(statistics.delivered, 4711);
    CHECK_EQUAL(statistics.size, offsetof(struct oip_statistics, delivered));
    struct {
        struct oip_statistics known;
        uint64_t later; /* of a newer program */
    } larger = {{.size = sizeof larger}, 4711};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &larger.known), 0);
    CHECK_EQUAL(larger.known.requested, 1);
    CHECK_EQUAL(larger.later, 4711);
    CHECK_EQUAL(oip_get_statistics(lane->producer, NULL), -EINVAL);
    CHECK_EQUAL(oip_get_statistics(lane->producer, &(struct oip_statistics){.size = 0}), -EINVAL);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a new producer has counted nothing", a_new_producer_has_counted_nothing, 0, NULL},
        {"items are counted where they are", items_are_counted_where_they_are, WAYS * CONSUMERS, lane_name},
        {"discarded items are counted", discarded_items_are_counted, WAYS * CONSUMERS, lane_name},
        {"a stall names the slow item", a_stall_names_the_slow_item, CONSUMERS, consumer_name},
        {"the longest stall is kept", the_longest_stall_is_kept, CONSUMERS, consumer_name},
        {"the consumer's own time is no stall", the_consumers_own_time_is_no_stall, SINK, consumer_name}, /* threads */
        {"every item is in one account", every_item_is_in_one_account, 3, policy_name},
        {"a call that wakes nobody is no wake", a_call_that_wakes_nobody_is_no_wake, CONSUMERS, consumer_name},
        {"wakes are counted", wakes_are_counted, CONSUMERS, consumer_name},
        {"who ran an item is counted", who_ran_an_item_is_counted, 0, NULL},
        {"a program gets what it knows", a_program_gets_what_it_knows, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
