/* SPDX-License-Identifier: Apache-2.0 */
/* may_help: a thread that the program says may not help runs no items while it waits, and what it leaves is run. */
#include "Support/lane.h"
#include "delivery.h"
#include "window.h"

#include <sched.h>

enum { WINDOW = 2, ITEMS = 400 };

static _Thread_local bool must_not_help;
static atomic_int misplaced; /* items on a thread that must not run any */

static bool may_help(void *context)
{
    CHECK(context != NULL);
    return !must_not_help;
}

static void look(struct item *item)
{
    (void)item;
    atomic_fetch_add(&misplaced, must_not_help);
}

static struct lane *lane_that_looks(enum way way, enum consumer consumer, int count, size_t window,
                                    enum oip_wait_strategy wait)
{
    atomic_store(&misplaced, 0);
    struct lane *lane =
        lane_create(way, consumer, count, 1, OPTIONS(.window = window, .may_help = may_help, .wait = wait));
    for (int i = 0; i < count; i++) {
        lane->items[i].inside = look;
    }
    return lane;
}

/* ----------------------------------------------------------------------------------------------------- callers ---- */

static void hold_thread(void *semaphores)
{
    sem_t *held = semaphores;
    sem_post(&held[0]);
    wait_for(&held[1]);
}

static void *ask_for_one_more_than_fit(void *argument)
{
    must_not_help = true;
    CHECK_EQUAL(lane_ask(argument, 0, WINDOW + 1), 0);
    return NULL;
}

/* The pool's one thread is busy, and there is no consumer yet: only the caller could run what it waits for. */
static void a_blocked_caller_runs_no_items(int way)
{
    struct lane *lane = lane_that_looks((enum way)way, THREAD, WINDOW + 1, WINDOW, OIP_WAIT_ADAPTIVE);
    if (lane->way != BY_PRODUCE && lane->way != BY_MANY && lane->way != BY_CALL) {
        lane_end(lane); /* these do not wait by helping */
        return;
    }
    sem_t held[2];
    sem_init(&held[0], 0, 0);
    sem_init(&held[1], 0, 0);
    CHECK_EQUAL(oip_pool_run(lane->pool, hold_thread, held), 0);
    wait_for(&held[0]);
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_for_one_more_than_fit, lane), 0);
    WAIT_UNTIL((atomic_load(&lane->producer->callers_wait) & CALLERS_EAGER) != 0); /* after it would have helped */
    CHECK_EQUAL(lane_finished_waiting(lane), 0);
    sem_post(&held[1]);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(pthread_join(caller, NULL), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, WINDOW + 1);
    CHECK_EQUAL(atomic_load(&misplaced), 0);
    lane_end(lane);
}

/* --------------------------------------------------------------------------------------------------- consumers ---- */

static int must_not_help_from_now_on(struct lane *lane, struct item *item)
{
    (void)lane, (void)item;
    must_not_help = true; /* this is the consumer's thread */
    return 0;
}

static bool is_asleep(const struct lane *lane)
{
    const struct oip_producer *producer = lane->producer;
    return producer->wait == OIP_WAIT_SPIN || delivery_state(atomic_load(&producer->delivery)) == DELIVERY_IDLE;
}

static void a_consumer_runs_no_items(int variant)
{
    enum consumer consumer = variant % 2 == 0 ? THREAD : ATTACHED;
    struct lane *lane = lane_that_looks(BY_PRODUCE, consumer, ITEMS, 8, (enum oip_wait_strategy)(variant / 2));
    lane->on_delivery = must_not_help_from_now_on;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    for (int i = 1; i < ITEMS; i++) {
        bool alone = i % 40 < 2; /* the consumer sleeps, and is woken for this very item, which nobody else sees */
        if (alone) {
            WAIT_UNTIL(atomic_load(&lane->delivered) == i && is_asleep(lane));
        }
        CHECK_EQUAL(lane_ask(lane, i, 1), 0);
        if (alone) {
            WAIT_UNTIL(atomic_load(&lane->delivered) == i + 1);
        }
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    CHECK(statistics.assisted <= 1); /* the first, perhaps */
    lane_check_in_order(lane, ITEMS);
    CHECK_EQUAL(atomic_load(&misplaced), 0);
    lane_end(lane);
}

/* ------------------------------------------------------------------------------------------- threads of a pool ---- */

static void wait_in_vain(void *argument)
{
    struct lane *lane = argument;
    must_not_help = true;
    CHECK_EQUAL(lane_ask_by(lane, BY_PRODUCE, 1, 1), -EDEADLK);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), -EDEADLK);
    must_not_help = false;
    sem_post(&lane->arrivals);
}

/* What it would wait for may have no other thread: as here. */
static void a_thread_of_the_pool_is_refused(int variant)
{
    (void)variant;
    struct lane *lane = lane_that_looks(BY_PRODUCE, THREAD, 2, 1, OIP_WAIT_ADAPTIVE);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    CHECK_EQUAL(oip_pool_run(lane->pool, wait_in_vain, lane), 0);
    wait_for(&lane->arrivals);
    CHECK_EQUAL(lane_start(lane), 0); /* nothing has changed */
    CHECK_EQUAL(lane_ask(lane, 1, 1), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 2);
    lane_end(lane);
}

static const char *consumer_and_strategy(int variant)
{
    static const char *const names[] = {"thread, adaptive", "attached, adaptive", "thread, park",
                                        "attached, park",   "thread, spin",       "attached, spin"};
    return names[variant];
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a blocked caller runs no items", a_blocked_caller_runs_no_items, WAYS, way_name},
        {"a consumer runs no items", a_consumer_runs_no_items, 6, consumer_and_strategy},
        {"a thread of the pool is refused", a_thread_of_the_pool_is_refused, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
