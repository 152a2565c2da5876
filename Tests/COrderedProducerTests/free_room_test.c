/* SPDX-License-Identifier: Apache-2.0 */
/* Callers that wait are let in wherever there is room and nothing that runs is about to make use of it. */
#include "Support/lane_items.h"
#include "Support/slow.h"
#include "sleeps.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW = 8 };

/* One that waits for room: it is told, or it blocks in a thread of its own. */
struct caller {
    struct lane *lane;
    int index;
    bool blocks, reserves;
    struct blocking_waiter waiter;
    struct payload payload;
    pthread_t thread;
    uint64_t sequence;
};

static void *ask_and_block(void *argument)
{
    struct caller *caller = argument;
    CHECK_EQUAL(caller->reserves ? oip_reserve(caller->lane->producer, &caller->sequence)
                                 : oip_produce(caller->lane->producer, &caller->payload, &caller->sequence),
                0);
    return NULL;
}

/* The window is full. When this returns the caller waits for room, and will not look by itself any more. */
static void caller_begin(struct caller *caller, struct lane *lane, int index)
{
    caller->lane = lane;
    caller->index = index;
    caller->payload = lane_input(lane, index);
    if (caller->blocks) {
        CHECK_EQUAL(pthread_create(&caller->thread, NULL, ask_and_block, caller), 0);
        WAIT_UNTIL(thread_sleeps_for_good(caller->thread));
        return;
    }
    blocking_waiter_init(&caller->waiter);
    struct oip_waiter *waiter = &caller->waiter.waiter;
    CHECK_EQUAL(caller->reserves ? oip_reserve_async(lane->producer, &caller->sequence, waiter)
                                 : oip_produce_async(lane->producer, &caller->payload, &caller->sequence, waiter),
                -EINPROGRESS);
}

static void accepted(struct lane *lane, int index, uint64_t sequence, bool reserved)
{
    CHECK_EQUAL(sequence, index);
    lane_accepted(lane, index, sequence);
    if (reserved) {
        lane->items[index].sequence = sequence; /* for whoever finishes it elsewhere */
    }
}

static void caller_end(struct caller *caller)
{
    if (caller->blocks) {
        CHECK_EQUAL(pthread_join(caller->thread, NULL), 0);
    } else {
        wait_for(&caller->waiter.told);
        CHECK_EQUAL(caller->waiter.result, 0);
        caller->sequence = caller->waiter.sequence;
    }
    accepted(caller->lane, caller->index, caller->sequence, caller->reserves);
}

/* ---------------------------------------------------------------------------------------- beside reservations ---- */

enum form { TOLD, BLOCKED, BLOCKED_FAIL_FAST, BLOCKED_NO_ASSIST, BLOCKED_DEADLINES, FORMS };

static const char *form_name(int variant)
{
    static const char *const forms[] = {"told", "blocked", "blocked, fail fast", "blocked, no assist",
                                        "blocked, deadlines"};
    static char name[50];
    snprintf(name, sizeof name, "%s, %s", forms[variant / CONSUMERS], consumer_name(variant % CONSUMERS));
    return name;
}

static void reserve(struct lane *lane, int index)
{
    uint64_t sequence;
    CHECK_EQUAL(oip_reserve(lane->producer, &sequence), 0);
    accepted(lane, index, sequence, true);
}

/* All that is outstanding finishes elsewhere, one at a time: each freed place is the next caller's. */
static void a_place_among_reservations_is_given(int variant)
{
    enum { ITEMS = WINDOW * 5 };
    enum form form = (enum form)(variant / CONSUMERS);
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)(variant % CONSUMERS), ITEMS, 1,
                                    OPTIONS(.window = WINDOW, .no_assist = form == BLOCKED_NO_ASSIST,
                                            .deadlines = form == BLOCKED_DEADLINES,
                                            .on_failure = form == BLOCKED_FAIL_FAST ? OIP_FAIL_FAST : OIP_SKIP));
    CHECK_EQUAL(lane_start(lane), 0);
    for (int i = 0; i < WINDOW; i++) {
        reserve(lane, i);
    }
    for (int i = 0; i < ITEMS; i++) {
        struct caller caller = {.blocks = form != TOLD, .reserves = true};
        bool waits = i + WINDOW < ITEMS;
        if (waits) {
            caller_begin(&caller, lane, i + WINDOW);
        }
        lane_finish_elsewhere(&lane->items[i]);
        if (waits) {
            caller_end(&caller);
        }
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, ITEMS);
    lane_end(lane);
}

/* --------------------------------------------------------------------------------- behind the last ready item ---- */

enum { CHEAP = 64, RUNNING = 5, STUCK = 3, FIRST = CHEAP, SECOND, LONG, LAST_READY = FIRST + WINDOW - 1, WAITS };

static sem_t in_consumer, consumer_hold;

/* One place is free then: a sink's item has its place until the sink returns, any other one has given it back. */
static int hold_consumer(struct lane *lane, struct item *item)
{
    if (item == &lane->items[lane->consumer == SINK ? SECOND : FIRST]) {
        sem_post(&in_consumer);
        wait_for(&consumer_hold);
    }
    return 0;
}

static const char *told_or_blocked(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", variant < CONSUMERS ? "told" : "blocked", consumer_name(variant % CONSUMERS));
    return name;
}

/*
 * There is a place while an item is ready, so a caller waits until the pool is through with what it has; then a thread
 * takes that item, which is long, and another thread is free. The caller's item begins beside it.
 */
static void whoever_takes_the_last_ready_item_lets_a_caller_in(int variant)
{
    enum consumer consumer = (enum consumer)(variant % CONSUMERS);
    struct lane *lane = lane_create(BY_PRODUCE, consumer, WAITS + 1, RUNNING + STUCK,
                                    OPTIONS(.window = WINDOW, .on_failure = OIP_FAIL_FAST));
    struct stuck_pool stuck = {0};
    struct caller caller = {.blocks = variant >= CONSUMERS};
    sem_t begun, hold;
    sem_init(&in_consumer, 0, 0);
    sem_init(&consumer_hold, 0, 0);
    lane->on_delivery = hold_consumer;
    lane_hold(lane, LONG, WAITS + 1, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, CHEAP), 0); /* what an item costs is known */
    for (int i = 0; i < CHEAP; i++) {
        wait_for(&lane->arrivals);
    }
    for (int i = 0; i < STUCK; i++) {
        stuck_pool_hold(&stuck, lane->pool);
    }
    reserve(lane, FIRST);
    reserve(lane, SECOND);
    for (int i = LONG; i < LAST_READY; i++) {
        CHECK_EQUAL(lane_ask(lane, i, 1), 0);
        wait_for(&begun);
    }
    CHECK_EQUAL(lane_ask(lane, LAST_READY, 1), 0); /* no thread is free */
    caller_begin(&caller, lane, WAITS);
    lane_finish_elsewhere(&lane->items[SECOND]);
    lane_finish_elsewhere(&lane->items[FIRST]);
    if (consumer == SINK) {
        stuck_pool_let_go(&stuck, 1); /* delivers */
    }
    wait_for(&in_consumer);
    stuck_pool_let_go(&stuck, 1);
    wait_for(&begun); /* the last ready one */
    stuck_pool_let_go(&stuck, consumer == SINK ? 1 : 2);
    wait_for(&begun); /* the caller's */
    sem_post(&consumer_hold);
    post_many(&hold, RUNNING + 2);
    caller_end(&caller);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, WAITS + 1);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a place among reservations is given", a_place_among_reservations_is_given, FORMS * CONSUMERS, form_name},
        {"whoever takes the last ready item lets a caller in", whoever_takes_the_last_ready_item_lets_a_caller_in,
         CONSUMERS * 2, told_or_blocked},
        {0},
    };
    return run_tests(tests, count, arguments);
}
