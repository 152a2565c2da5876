/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery: one at a time and in order, whatever the wait strategy; pausing; ends that are seen again and again. */
#include "Support/lane.h"
#include "Support/threads.h"

#include <sched.h>
#include <stdio.h>

enum { STRATEGIES = 3 };

static const char *strategy_name(int variant)
{
    static const char *const names[STRATEGIES] = {"adaptive", "park", "spin"};
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", names[variant / CONSUMERS], consumer_name(variant % CONSUMERS));
    return name;
}

static void every_wait_strategy_delivers(int variant)
{
    for (int assist = 0; assist < 2; assist++) {
        struct lane *lane = lane_create(
            BY_PRODUCE, (enum consumer)(variant % CONSUMERS), 2000, 2,
            OPTIONS(.window = 32, .no_assist = !assist, .wait = (enum oip_wait_strategy)(variant / CONSUMERS)));
        CHECK_EQUAL(lane_start(lane), 0);
        CHECK_EQUAL(lane_ask(lane, 0, 1000), 0);
        for (int i = 0; i < 1000; i++) {
            wait_for(&lane->arrivals); /* now the consumer waits, in its way */
        }
        CHECK_EQUAL(lane_ask(lane, 1000, 1000), 0);
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        CHECK_EQUAL(atomic_load(&lane->delivered), 2000);
        lane_end(lane);
    }
}

/* One item at a time in the sink, although every pool thread may be the one that calls it. */
static atomic_int inside_sink;

static int alone(struct lane *lane, struct item *item)
{
    (void)lane, (void)item;
    CHECK_EQUAL(atomic_fetch_add(&inside_sink, 1), 0);
    sched_yield();
    atomic_fetch_sub(&inside_sink, 1);
    return 0;
}

static void a_sink_is_called_for_one_item_at_a_time(int way)
{
    struct lane *lane = lane_create((enum way)way, SINK, 1000, 4, OPTIONS(.window = 16));
    lane->on_delivery = alone;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1000), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 1000);
    lane_end(lane);
}

static void a_sink_needs_no_thread_of_its_own(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, SINK, 10, 1, NULL);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 10), 0);
    WAIT_UNTIL(library_threads() >= 1);
    CHECK_EQUAL(library_threads(), 1);
    lane_end(lane);
}

/* ----------------------------------------------------------------------------------------------------- pausing ---- */

static void *pause_and_resume(void *argument)
{
    struct lane *lane = argument;
    while (atomic_load(&lane->delivered) < lane->count) {
        oip_pause(lane->producer);
        sched_yield();
        oip_resume(lane->producer);
    }
    return NULL;
}

static void pausing_loses_no_item(int variant)
{
    struct lane *lane = lane_of_variant(variant, 1500, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    pthread_t pauser;
    CHECK_EQUAL(pthread_create(&pauser, NULL, pause_and_resume, lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1500), 0);
    for (int i = 0; i < 1500; i++) {
        wait_for(&lane->arrivals);
    }
    CHECK_EQUAL(pthread_join(pauser, NULL), 0);
    lane_end(lane);
}

static int pause_on_delivery(struct lane *lane, struct item *item)
{
    if (item == &lane->items[2]) {
        oip_pause(lane->producer);
    }
    return 0;
}

/* A pause from inside the consumer holds for the very next item. */
static void the_consumer_pauses_itself(int variant)
{
    struct lane *lane = lane_of_variant(variant, 8, 2, OPTIONS(.window = 8));
    lane->on_delivery = pause_on_delivery;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 8), 0);
    for (int i = 0; i < 3; i++) {
        wait_for(&lane->arrivals);
    }
    struct oip_statistics statistics = {.size = sizeof statistics};
    WAIT_UNTIL(oip_get_statistics(lane->producer, &statistics) == 0 && statistics.head == 3 &&
               statistics.finished_waiting == 5);
    CHECK_EQUAL(atomic_load(&lane->delivered), 3);
    oip_resume(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 8);
    lane_end(lane);
}

static void a_pause_may_come_before_the_consumer(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    oip_pause(lane->producer);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    struct oip_statistics statistics = {.size = sizeof statistics};
    WAIT_UNTIL(oip_get_statistics(lane->producer, &statistics) == 0 && statistics.finished_waiting == 4);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_resume(lane->producer); /* one is enough */
    for (int i = 0; i < 4; i++) {
        wait_for(&lane->arrivals);
    }
    lane_end(lane);
}

/* ------------------------------------------------------------------------------------- at once, inside an item ---- */

static sem_t in_item, go_on;

static void wait_inside(struct item *item)
{
    (void)item;
    sem_post(&in_item);
    wait_for(&go_on);
}

static struct lane *lane_inside_its_item(int variant)
{
    sem_init(&in_item, 0, 0);
    sem_init(&go_on, 0, 0);
    struct lane *lane = lane_of_variant(variant, 1, 1, NULL);
    lane->items[0].inside = wait_inside;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&in_item);
    return lane;
}

/* The deliverer may be the one that runs the head: what it makes then is not delivered any more. */
static void an_item_that_runs_at_the_end_is_discarded(int variant)
{
    struct lane *lane = lane_inside_its_item(variant);
    oip_stop_producing(lane->producer);
    sem_post(&go_on);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    CHECK_EQUAL(atomic_load(&lane->items[0].outputs_discarded), 1);
    lane_end(lane);
}

static void an_item_that_runs_at_a_pause_waits(int variant)
{
    struct lane *lane = lane_inside_its_item(variant);
    oip_pause(lane->producer);
    sem_post(&go_on);
    WAIT_UNTIL(lane_finished_waiting(lane) == 1);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_resume(lane->producer);
    wait_for(&lane->arrivals);
    lane_end(lane);
}

/* An attached thread may take without waiting, too, and sees the end again and again. */
static void an_attached_thread_polls(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, ATTACHED, 3, 1, NULL);
    CHECK_EQUAL(oip_attach(lane->producer), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    for (int taken = 0; taken < 3;) {
        struct payload payload;
        uint64_t sequence;
        int result = oip_try_next(lane->producer, &payload, &sequence);
        if (result == -EAGAIN) {
            sched_yield();
            continue;
        }
        CHECK_EQUAL(result, 1);
        CHECK_EQUAL(sequence, taken);
        struct item *item = payload.first;
        atomic_fetch_add(&item->deliveries, 1);
        atomic_fetch_add(&lane->delivered, 1);
        taken++;
    }
    struct payload payload;
    CHECK_EQUAL(oip_try_next(lane->producer, &payload, NULL), -EAGAIN);
    oip_detach(lane->producer);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(oip_try_next(lane->producer, &payload, NULL), 0);
        CHECK_EQUAL(oip_next(lane->producer, &payload, NULL), 0);
    }
    lane_end(lane);
}

int main(int count, char **arguments)
{
    enum { ALL = WAYS * CONSUMERS };
    static const struct test tests[] = {
        {"every wait strategy delivers", every_wait_strategy_delivers, STRATEGIES * CONSUMERS, strategy_name},
        {"a sink is called for one item at a time", a_sink_is_called_for_one_item_at_a_time, WAYS, way_name},
        {"a sink needs no thread of its own", a_sink_needs_no_thread_of_its_own, 0, NULL},
        {"pausing loses no item", pausing_loses_no_item, ALL, lane_name},
        {"the consumer pauses itself", the_consumer_pauses_itself, ALL, lane_name},
        {"a pause may come before the consumer", a_pause_may_come_before_the_consumer, ALL, lane_name},
        {"an item that runs at the end is discarded", an_item_that_runs_at_the_end_is_discarded, ALL, lane_name},
        {"an item that runs at a pause waits", an_item_that_runs_at_a_pause_waits, ALL, lane_name},
        {"an attached thread polls", an_attached_thread_polls, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
