/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of endings, row by row, for each way to ask and each kind of consumer. Here all that was asked for is
 * delivered, or nothing was started; the other rows are in endings_at_once_test.c and failures_test.c.
 */
#include "Support/lane.h"

#include <sched.h>
#include <stdio.h>

enum { VARIANTS = WAYS * CONSUMERS };

/* ------------------------------------------------------------------------------------------- in order, by stop ---- */

static void everything_arrives_in_order(int variant)
{
    struct lane *lane = lane_of_variant(variant, 500, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 500), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 500);
    CHECK_EQUAL(oip_failure(lane->producer, NULL, NULL), 0);
    lane_end(lane);
}

static void runs_before_start_and_arrives_after(int variant)
{
    sem_t begun;
    sem_init(&begun, 0, 0);
    struct lane *lane = lane_of_variant(variant, 6, 2, OPTIONS(.window = 4));
    for (int i = 0; i < 6; i++) {
        lane->items[i].begun = &begun;
    }
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    for (int i = 0; i < 4; i++) {
        wait_for(&begun); /* they run although nobody has started */
    }
    CHECK_EQUAL(lane_try(lane, 4), -EAGAIN);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 4, 2), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 6);
    lane_end(lane);
}

static void post_context(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)sequence;
    CHECK_EQUAL(result, 0);
    sem_post(waiter->context);
}

static void stop_waits_for_outstanding_items(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 3, 3, NULL);
    lane_hold(lane, 0, lane->count, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    wait_for(&begun);
    struct oip_waiter waiter = {0};
    sem_t stopped;
    sem_init(&stopped, 0, 0);
    waiter.context = &stopped;
    waiter.done = post_context;
    CHECK_EQUAL(oip_stop_async(lane->producer, &waiter), -EINPROGRESS);
    CHECK_EQUAL(lane_try(lane, 0), -EPIPE); /* accepts no more */
    CHECK(sem_trywait(&stopped) != 0);
    post_many(&hold, 3);
    wait_for(&stopped);
    CHECK_EQUAL(oip_stop_async(lane->producer, &waiter), 0);
    if (lane->consumer == THREAD) {
        CHECK(oip_take_value(lane->producer) == lane);
    }
    CHECK(oip_take_value(lane->producer) == NULL);
    lane_check_in_order(lane, 3);
    lane_end(lane);
}

static void waiting_for_the_end_does_not_cause_it(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 2, 3, NULL);
    lane_hold(lane, 0, lane->count, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&begun);
    struct oip_waiter waiter = {0};
    sem_t ended;
    sem_init(&ended, 0, 0);
    waiter.context = &ended;
    waiter.done = post_context;
    CHECK_EQUAL(oip_wait_async(lane->producer, &waiter), -EINPROGRESS);
    CHECK_EQUAL(lane_ask(lane, 1, 1), 0); /* goes on as before */
    oip_finish(lane->producer);
    CHECK(sem_trywait(&ended) != 0);
    post_many(&hold, 2);
    wait_for(&ended);
    lane_check_in_order(lane, 2);
    CHECK_EQUAL(oip_wait_async(lane->producer, &waiter), 0);
    CHECK(oip_take_value(lane->producer) == (lane->consumer == THREAD ? lane : NULL));
    lane_end(lane);
}

static sem_t ended_inside;

static void wait_in_item(struct item *item)
{
    static struct oip_waiter waiter;
    waiter = (struct oip_waiter){.done = post_context, .context = &ended_inside};
    CHECK_EQUAL(oip_wait_async(item->lane->producer, &waiter), -EINPROGRESS);
}

static void an_item_may_wait_for_the_end(int variant)
{
    sem_init(&ended_inside, 0, 0);
    struct lane *lane = lane_of_variant(variant, 1, 2, NULL);
    lane->items[0].inside = wait_in_item;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&lane->arrivals);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    wait_for(&ended_inside);
    lane_end(lane);
}

static void *stop_for_value(void *argument)
{
    void *value = NULL;
    CHECK_EQUAL(oip_stop(((struct lane *)argument)->producer, &value), 0);
    return value;
}

static void stop_from_several_threads_gives_the_value_once(int variant)
{
    enum { STOPPERS = 4 };
    struct lane *lane = lane_of_variant(variant, 50, 2, OPTIONS(.window = 16));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 50), 0);
    pthread_t stoppers[STOPPERS];
    for (int i = 0; i < STOPPERS; i++) {
        CHECK_EQUAL(pthread_create(&stoppers[i], NULL, stop_for_value, lane), 0);
    }
    int values = 0;
    for (int i = 0; i < STOPPERS; i++) {
        void *value;
        CHECK_EQUAL(pthread_join(stoppers[i], &value), 0);
        CHECK(value == NULL || value == lane);
        values += value != NULL;
    }
    CHECK_EQUAL(values, lane->consumer == THREAD);
    CHECK(stop_for_value(lane) == NULL); /* again: nothing, at once */
    lane_check_in_order(lane, 50);
    lane_end(lane);
}

static void stop_before_start_discards(int variant)
{
    struct lane *lane = lane_of_variant(variant, 3, 2, OPTIONS(.window = 3));
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    void *value = lane;
    CHECK_EQUAL(oip_stop(lane->producer, &value), 0);
    CHECK(value == NULL);
    CHECK_EQUAL(lane_try(lane, 0), -EPIPE);
    CHECK_EQUAL(lane_start(lane), -EPIPE);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    lane_end(lane);
}

/* -------------------------------------------------------------------------------------------- pause and resume ---- */

static void a_pause_holds_back_until_resume(int variant)
{
    struct lane *lane = lane_of_variant(variant, 8, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    WAIT_UNTIL(lane_finished_waiting(lane) == 4); /* they run, up to the window */
    CHECK_EQUAL(lane_try(lane, 4), -EAGAIN);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_resume(lane->producer);
    for (int i = 0; i < 4; i++) {
        wait_for(&lane->arrivals);
    }
    oip_pause(lane->producer);
    oip_resume(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 4, 4), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 8);
    lane_end(lane);
}

static void stop_lifts_a_pause(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    WAIT_UNTIL(lane_finished_waiting(lane) == 4);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 4);
    oip_pause(lane->producer);
    lane_end(lane);
}

/* It would hold up the end for ever. */
static void a_pause_after_the_stop_has_no_effect(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    lane_hold(lane, 0, 1, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    wait_for(&begun);
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    CHECK_EQUAL(oip_stop_async(lane->producer, &stopped.waiter), -EINPROGRESS);
    oip_pause(lane->producer);
    sem_post(&hold);
    wait_for(&stopped.told);
    lane_check_in_order(lane, 4);
    lane_end(lane);
}

/* ---------------------------------------------------------------------------------------- at most one consumer ---- */

static void a_second_consumer_is_refused(int variant)
{
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)(variant / CONSUMERS), 1, 1, NULL);
    CHECK_EQUAL(lane_start(lane), 0);
    enum consumer first = lane->consumer;
    lane->consumer = (enum consumer)(variant % CONSUMERS);
    CHECK_EQUAL(lane_start(lane), -EALREADY);
    lane->consumer = first;
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    lane_end(lane);
}

static const char *pair_name(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s, then %s", consumer_name(variant / CONSUMERS), consumer_name(variant % CONSUMERS));
    return name;
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"everything arrives in order", everything_arrives_in_order, VARIANTS, lane_name},
        {"runs before start, arrives after", runs_before_start_and_arrives_after, VARIANTS, lane_name},
        {"stop waits for outstanding items", stop_waits_for_outstanding_items, VARIANTS, lane_name},
        {"waiting for the end does not cause it", waiting_for_the_end_does_not_cause_it, VARIANTS, lane_name},
        {"an item may wait for the end", an_item_may_wait_for_the_end, VARIANTS, lane_name},
        {"stop from several threads", stop_from_several_threads_gives_the_value_once, VARIANTS, lane_name},
        {"stop before start discards", stop_before_start_discards, VARIANTS, lane_name},
        {"a pause holds back until resume", a_pause_holds_back_until_resume, VARIANTS, lane_name},
        {"stop lifts a pause", stop_lifts_a_pause, VARIANTS, lane_name},
        {"a pause after the stop has no effect", a_pause_after_the_stop_has_no_effect, VARIANTS, lane_name},
        {"a second consumer is refused", a_second_consumer_is_refused, CONSUMERS * CONSUMERS, pair_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
