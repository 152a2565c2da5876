/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oip_finish(): accepts no more, returns at once, and everything outstanding is delivered before the iteration ends;
 * for each way to ask and each kind of consumer. That the iteration has ended is seen by the pool's shutdown, which
 * waits for the end of every producer on it: for a sink there is no other sign.
 */
#include "Support/lane.h"

#include <sched.h>

enum { VARIANTS = WAYS * CONSUMERS };

/* The consumer gets to the end although nobody calls oip_stop(). */
static void expect_end(struct lane *lane, int delivered)
{
    CHECK_EQUAL(oip_pool_shutdown(lane->pool), 0);
    if (lane->consumer != SINK) {
        wait_for(&lane->finished);
    }
    lane_check_in_order(lane, delivered);
    CHECK_EQUAL(oip_failure(lane->producer, NULL, NULL), 0);
    lane_end(lane);
}

static void finish_delivers_what_is_outstanding(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    lane_hold(lane, 0, 1, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    wait_for(&begun);
    oip_finish(lane->producer); /* with the head still inside: it waits for nothing */
    CHECK_EQUAL(lane_try(lane, 3), -EPIPE);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_finish(lane->producer); /* again: nothing changes */
    sem_post(&hold);
    expect_end(lane, 3);
}

static void finish_with_nothing_outstanding(int variant)
{
    struct lane *lane = lane_of_variant(variant, 2, 2, NULL);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&lane->arrivals); /* the consumer waits for the next one, or is about to */
    oip_finish(lane->producer);
    CHECK_EQUAL(lane_try(lane, 1), -EPIPE);
    expect_end(lane, 1);
}

static void finish_before_start(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    oip_finish(lane->producer);
    CHECK_EQUAL(lane_try(lane, 3), -EPIPE);
    WAIT_UNTIL(lane_finished_waiting(lane) == 3); /* they run, and wait for a consumer */
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    expect_end(lane, 3);
}

static void finish_without_a_consumer_and_stop(int variant)
{
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    oip_finish(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(lane_start(lane), -EPIPE);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_finish(lane->producer); /* after the end */
    lane_end(lane);
}

static void finish_and_release(int variant)
{
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    oip_finish(lane->producer);
    oip_producer_release(lane->producer);
    lane->gone = true;
    lane_end(lane); /* each item was discarded, and the context released */
}

static void a_pause_stays_in_force(int variant)
{
    struct lane *lane = lane_of_variant(variant, 3, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    oip_finish(lane->producer);
    WAIT_UNTIL(lane_finished_waiting(lane) == 3);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_resume(lane->producer);
    wait_for(&lane->arrivals);
    oip_pause(lane->producer); /* has an effect after finish as before */
    oip_resume(lane->producer);
    expect_end(lane, 3);
}

static void *ask_for_another(void *argument)
{
    struct lane *lane = argument;
    CHECK_EQUAL(lane_ask(lane, 2, 1), -EPIPE);
    return NULL;
}

/* A caller that is too late gets the same answer as one that waits: either way the third item is not accepted. */
static void a_waiting_caller_is_sent_away(int variant)
{
    struct lane *lane = lane_of_variant(variant, 3, 2, OPTIONS(.window = 2));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_for_another, lane), 0);
    oip_finish(lane->producer);
    CHECK_EQUAL(pthread_join(caller, NULL), 0); /* although the pause goes on */
    oip_resume(lane->producer);
    expect_end(lane, 2);
}

/* ------------------------------------------------------------------------------------------------- from inside ---- */

static sem_t inside_done;

static void finish_in_item(struct item *item)
{
    oip_finish(item->lane->producer);
    CHECK_EQUAL(lane_try(item->lane, 2), -EPIPE);
    sem_post(&inside_done);
}

static void finish_inside_an_item(int variant)
{
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    lane->items[0].inside = finish_in_item;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&inside_done);
    expect_end(lane, 1);
}

static int finish_on_delivery(struct lane *lane, struct item *item)
{
    oip_finish(lane->producer);
    CHECK_EQUAL(lane_try(lane, 2), -EPIPE);
    if (item->sequence == 0) {
        sem_post(&inside_done);
    }
    return 0;
}

static void finish_inside_the_consumer(int variant)
{
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    lane->on_delivery = finish_on_delivery;
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    oip_resume(lane->producer); /* both were asked for before the first of them is delivered */
    wait_for(&inside_done);
    expect_end(lane, 2);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"finish delivers what is outstanding", finish_delivers_what_is_outstanding, VARIANTS, lane_name},
        {"finish with nothing outstanding", finish_with_nothing_outstanding, VARIANTS, lane_name},
        {"finish before start", finish_before_start, VARIANTS, lane_name},
        {"finish without a consumer, and stop", finish_without_a_consumer_and_stop, VARIANTS, lane_name},
        {"finish and release", finish_and_release, VARIANTS, lane_name},
        {"finish leaves a pause in force", a_pause_stays_in_force, VARIANTS, lane_name},
        {"finish sends waiting callers away", a_waiting_caller_is_sent_away, VARIANTS, lane_name},
        {"finish inside an item", finish_inside_an_item, VARIANTS, lane_name},
        {"finish inside the consumer", finish_inside_the_consumer, VARIANTS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
