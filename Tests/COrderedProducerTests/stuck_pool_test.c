/* SPDX-License-Identifier: Apache-2.0 */
/* A pool all of whose threads are stuck: a producer of which nothing runs ends all the same, and its memory goes. */
#include "Support/lane_items.h"
#include "Support/slow.h"
#include "sleeps.h"

#include <sched.h>
#include <stdio.h>

static struct stuck_pool stuck;

/* The pool's thread is stuck from here on. */
static void hold_pool(struct lane *lane)
{
    stuck = (struct stuck_pool){0};
    stuck_pool_hold(&stuck, lane->pool);
}

/* Production has ended before the pool's thread goes on. */
static void end_lane(struct lane *lane)
{
    stuck_pool_let_go(&stuck, 1);
    lane_end(lane);
}

/* ---------------------------------------------------------------------------------------- nothing outstanding ---- */

enum before { NEVER_ASKED, ASKED, PAUSED, RESERVED, BEFORES };

static const char *before_name(int variant)
{
    static const char *const befores[] = {"never asked", "asked", "paused", "reserved"};
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", befores[variant / CONSUMERS], consumer_name(variant % CONSUMERS));
    return name;
}

/* A lane with nothing outstanding, and a pool that is stuck. */
static struct lane *idle_lane(int variant)
{
    enum before before = (enum before)(variant / CONSUMERS);
    struct lane *lane =
        lane_create(BY_PRODUCE, (enum consumer)(variant % CONSUMERS), 20, 1, OPTIONS(.no_assist = true));
    if (before == NEVER_ASKED) { /* and not even started before */
        hold_pool(lane);
        CHECK_EQUAL(lane_start(lane), 0);
        return lane;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 10), 0);
    for (int i = 0; i < 10; i++) {
        wait_for(&lane->arrivals);
    }
    if (before == PAUSED) {
        oip_pause(lane->producer);
    }
    hold_pool(lane);
    if (before == RESERVED) {
        uint64_t sequence;
        CHECK_EQUAL(oip_reserve(lane->producer, &sequence), 0);
        lane_accepted(lane, 10, sequence);
        lane->items[10].sequence = sequence;
    }
    return lane;
}

/* Where an item is reserved it finishes after the call, and only a sink needs a thread of the pool to take it. */
static void a_stop_needs_no_thread(int variant)
{
    struct lane *lane = idle_lane(variant);
    if (variant / CONSUMERS == RESERVED) {
        oip_stop_producing(lane->producer);
        lane_finish_elsewhere(&lane->items[10]);
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    end_lane(lane);
}

static void an_announced_stop_needs_no_thread(int variant)
{
    struct lane *lane = idle_lane(variant);
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    int result = oip_stop_async(lane->producer, &stopped.waiter);
    if (variant / CONSUMERS == RESERVED) {
        oip_stop_producing(lane->producer);
        lane_finish_elsewhere(&lane->items[10]);
    }
    uint64_t none;
    CHECK_EQUAL(blocking_waiter_outcome(&stopped, lane->producer, result, &none, false), 0);
    end_lane(lane);
}

/* -------------------------------------------------------------------------------------------- items not begun ---- */

static struct lane *lane_with_items(int consumer)
{
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 5, 1, OPTIONS(.no_assist = true));
    hold_pool(lane);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 5), 0);
    return lane;
}

/* What was asked for is discarded by the ending itself. */
static void what_has_not_begun_holds_up_no_ending(int consumer)
{
    struct lane *lane = lane_with_items(consumer);
    oip_stop_producing(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(atomic_load(&lane->items[i].inputs_discarded), 1);
    }
    end_lane(lane);
}

/* ----------------------------------------------------------------------------------------------- slow callers ---- */

enum asking { AN_ITEM, A_RESERVATION, ASKINGS };
enum { NOBODY = CONSUMERS }; /* a consumer */

static struct slow_caller caller;

static const char *slow_name(int variant)
{
    static char name[60];
    int consumer = variant / ASKINGS;
    snprintf(name, sizeof name, "%s, %s", variant % ASKINGS == AN_ITEM ? "an item" : "a reservation",
             consumer == NOBODY ? "no consumer" : consumer_name(consumer));
    return name;
}

static int ask_for_item(struct slow_caller *slow)
{
    return lane_ask(slow->context, 0, 1);
}

static int reserve_item(struct slow_caller *slow)
{
    struct lane *lane = slow->context;
    int result = oip_reserve(lane->producer, &lane->items[0].sequence);
    if (result == 0) {
        lane_accepted(lane, 0, lane->items[0].sequence);
        lane_finish_elsewhere(&lane->items[0]);
    }
    return result;
}

static struct lane *lane_with_slow_caller(int variant)
{
    int consumer = variant / ASKINGS;
    slow_caller_init(&caller, 0);
    struct lane *lane =
        lane_create(BY_PRODUCE, consumer == NOBODY ? THREAD : (enum consumer)consumer, 1, 1,
                    OPTIONS(.observe = slow_caller_observe, .observe_context = &caller, .no_assist = true));
    hold_pool(lane);
    if (consumer != NOBODY) {
        CHECK_EQUAL(lane_start(lane), 0);
    }
    slow_caller_begin(&caller, variant % ASKINGS == AN_ITEM ? ask_for_item : reserve_item, lane);
    return lane;
}

/* It publishes behind the ending, which somebody waits for: its item is discarded, and with it production is over. */
static void an_ending_waits_for_a_slow_caller_alone(int variant)
{
    struct lane *lane = lane_with_slow_caller(variant);
    oip_stop_producing(lane->producer);
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    CHECK_EQUAL(oip_stop_async(lane->producer, &stopped.waiter), -EINPROGRESS);
    CHECK_EQUAL(slow_caller_goes_on(&caller), 0);
    wait_for(&stopped.told);
    CHECK_EQUAL(stopped.result, 0);
    end_lane(lane);
}

/* ------------------------------------------------------------------------------------------------- the memory ---- */

/* Gives the handle back and waits for the release of the context, before the pool's thread goes on. */
static void release_beside_stuck_pool(struct lane *lane)
{
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    if (lane->started && (lane->consumer == ATTACHED || lane->consumer == LOOP)) {
        CHECK_EQUAL(pthread_join(lane->thread, NULL), 0);
        lane->started = false;
    }
    oip_producer_release(lane->producer);
    lane->gone = true;
    void *tag;
    while (oip_ready_queue_take(lane->queue, &tag) == 1) {
        /* the end, told to a loop that had seen it: its entry holds the producer */
    }
    wait_for(&lane->released);
    sem_post(&lane->released); /* for lane_end() */
    end_lane(lane);
}

static void the_context_of_an_idle_producer_is_released(int variant)
{
    struct lane *lane = idle_lane(variant);
    if (variant / CONSUMERS == RESERVED) {
        oip_stop_producing(lane->producer);
        lane_finish_elsewhere(&lane->items[10]);
    }
    release_beside_stuck_pool(lane);
}

static void the_context_of_items_that_have_not_begun_is_released(int consumer)
{
    struct lane *lane = lane_with_items(consumer);
    oip_stop_producing(lane->producer);
    release_beside_stuck_pool(lane);
}

static void the_context_of_a_slow_caller_is_released(int variant)
{
    struct lane *lane = lane_with_slow_caller(variant);
    oip_stop_producing(lane->producer);
    CHECK_EQUAL(slow_caller_goes_on(&caller), 0);
    release_beside_stuck_pool(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a stop needs no thread", a_stop_needs_no_thread, BEFORES * CONSUMERS, before_name},
        {"an announced stop needs no thread", an_announced_stop_needs_no_thread, BEFORES * CONSUMERS, before_name},
        {"what has not begun holds up no ending", what_has_not_begun_holds_up_no_ending, CONSUMERS, consumer_name},
        {"an ending waits for a slow caller alone", an_ending_waits_for_a_slow_caller_alone, ASKINGS * (CONSUMERS + 1),
         slow_name},
        {"the context of an idle producer is released", the_context_of_an_idle_producer_is_released,
         BEFORES * CONSUMERS, before_name},
        {"the context of items not begun is released", the_context_of_items_that_have_not_begun_is_released, CONSUMERS,
         consumer_name},
        {"the context of a slow caller is released", the_context_of_a_slow_caller_is_released,
         ASKINGS * (CONSUMERS + 1), slow_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
