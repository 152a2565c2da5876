/* SPDX-License-Identifier: Apache-2.0 */
/* The table of endings, row by row, for each way to ask for items and each kind of consumer. Failures: failures_test.c.
 */
#include "Support/lane.h"

#include <sched.h>
#include <stdio.h>

enum { VARIANTS = WAYS * CONSUMERS, LAST_OF_WINDOW = 3 };

static void all_in_order(struct lane *lane, int count)
{
    CHECK_EQUAL(atomic_load(&lane->delivered), count);
    for (int i = 0; i < count; i++) {
        CHECK_EQUAL(lane->order[i], i);
    }
}

static void hold_all(struct lane *lane, sem_t *begun, sem_t *hold)
{
    sem_init(begun, 0, 0);
    sem_init(hold, 0, 0);
    for (int i = 0; i < lane->count; i++) {
        lane->items[i].begun = begun;
        lane->items[i].hold = hold;
    }
}

static void post_many(sem_t *semaphore, int count)
{
    while (count-- > 0) {
        sem_post(semaphore);
    }
}

/* ------------------------------------------------------------------------------------------- in order, by stop ---- */

static void everything_arrives_in_order(int variant)
{
    struct lane *lane = lane_of_variant(variant, 500, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 500), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    all_in_order(lane, 500);
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
    all_in_order(lane, 6);
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
    hold_all(lane, &begun, &hold);
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
    all_in_order(lane, 3);
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
    all_in_order(lane, 50);
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

/* --------------------------------------------------------------------------------------------- pause and resume ----
 */

static uint64_t finished_waiting(struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    return statistics.finished_waiting;
}

static void a_pause_holds_back_until_resume(int variant)
{
    struct lane *lane = lane_of_variant(variant, 8, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    WAIT_UNTIL(finished_waiting(lane) == 4); /* they run, up to the window */
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
    all_in_order(lane, 8);
    lane_end(lane);
}

static void stop_lifts_a_pause(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    WAIT_UNTIL(finished_waiting(lane) == 4);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    all_in_order(lane, 4);
    oip_pause(lane->producer);
    lane_end(lane);
}

/* ----------------------------------------------------------------------------------------------------- at once ---- */

static void stop_producing_ends_at_once(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 8, 2, OPTIONS(.window = 8));
    hold_all(lane, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 8), 0);
    wait_for(&begun);
    wait_for(&begun);
    oip_stop_producing(lane->producer);
    oip_resume(lane->producer); /* final */
    CHECK_EQUAL(lane_try(lane, 0), -EPIPE);
    CHECK_EQUAL(lane_start(lane), -EPIPE);
    post_many(&hold, 8);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    CHECK_EQUAL(oip_failure(lane->producer, NULL, NULL), 0);
    int begins = 0;
    for (int i = 0; i < 8; i++) {
        begins += atomic_load(&lane->items[i].begins);
    }
    /* Those that ran; of the reserved ones nobody can take back any. A waiting consumer makes a third. */
    CHECK(begins >= 2 && (lane->way == BY_RESERVE || begins <= 3));
    lane_end(lane);
}

static void stop_producing_before_start(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    oip_stop_producing(lane->producer);
    CHECK_EQUAL(lane_start(lane), -EPIPE);
    CHECK_EQUAL(lane_try(lane, 0), -EPIPE);
    oip_stop_producing(lane->producer);
    lane_end(lane);
}

static void stop_producing_while_paused(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    WAIT_UNTIL(finished_waiting(lane) == 4);
    oip_stop_producing(lane->producer);
    oip_resume(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    lane_end(lane);
}

static void stop_producing_while_idle(int variant)
{
    struct lane *lane = lane_of_variant(variant, 2, 2, NULL);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&lane->arrivals);
    oip_stop_producing(lane->producer);
    if (lane->consumer != SINK) {
        wait_for(&lane->finished); /* the consumer learns of it without a stop */
    }
    lane_end(lane);
}

/* Only the handle's last owner may use it: an attached thread or loop would be another. */
static void the_last_handle_goes_without_stop(int variant)
{
    enum way way = (enum way)(variant / 2);
    struct lane *lane = lane_create(way, variant % 2 == 0 ? THREAD : SINK, 6, 2, OPTIONS(.window = 8));
    sem_t begun, hold;
    hold_all(lane, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 6), 0);
    wait_for(&begun);
    oip_producer_release(lane->producer); /* does not block although items are held */
    lane->gone = true;
    post_many(&hold, 6);
    if (lane->consumer == THREAD) {
        wait_for(&lane->finished);
    }
    lane_end(lane);
}

static const char *handle_variant_name(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", way_name(variant / 2), variant % 2 == 0 ? "thread" : "sink");
    return name;
}

static void the_handle_goes_before_any_consumer_came(int way)
{
    struct lane *lane = lane_create((enum way)way, THREAD, 4, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    oip_producer_release(lane->producer);
    lane->gone = true;
    lane_end(lane);
}

/* ------------------------------------------------------------------------------------------- the consumer leaves ----
 */

static int leave_at_third(struct lane *lane, struct item *item)
{
    (void)item;
    return atomic_load(&lane->delivered) == LAST_OF_WINDOW ? 77 : 0;
}

static void *ask_until_refused(void *argument)
{
    struct lane *lane = argument;
    for (int i = 0; i < lane->count; i++) {
        int result = lane_ask(lane, i, 1);
        if (result != 0) {
            CHECK_EQUAL(result, -EPIPE);
            return NULL;
        }
    }
    CHECK(!"the consumer left after three items, and 2000 were accepted");
    return NULL;
}

static void the_consumer_leaves_early(int variant)
{
    struct lane *lane = lane_of_variant(variant, 2000, 2, OPTIONS(.window = 5));
    lane->on_delivery = leave_at_third;
    CHECK_EQUAL(lane_start(lane), 0);
    pthread_t caller; /* is released from its wait */
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_until_refused, lane), 0);
    CHECK_EQUAL(pthread_join(caller, NULL), 0);
    wait_for(&lane->finished);
    void *value = NULL;
    CHECK_EQUAL(oip_stop(lane->producer, &value), 0);
    CHECK(value == (lane->consumer == THREAD ? lane : NULL));
    all_in_order(lane, LAST_OF_WINDOW);
    uint64_t sequence = 99;
    int code = 0;
    CHECK_EQUAL(oip_failure(lane->producer, &sequence, &code), lane->consumer == SINK);
    if (lane->consumer == SINK) {
        CHECK_EQUAL(sequence, LAST_OF_WINDOW - 1);
        CHECK_EQUAL(code, 77);
    }
    CHECK_EQUAL(lane_start(lane), -EPIPE);
    lane_end(lane);
}

/* ------------------------------------------------------------------------------------------- at most one consumer ----
 */

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
        {"stop from several threads", stop_from_several_threads_gives_the_value_once, VARIANTS, lane_name},
        {"stop before start discards", stop_before_start_discards, VARIANTS, lane_name},
        {"a pause holds back until resume", a_pause_holds_back_until_resume, VARIANTS, lane_name},
        {"stop lifts a pause", stop_lifts_a_pause, VARIANTS, lane_name},
        {"stop_producing ends at once", stop_producing_ends_at_once, VARIANTS, lane_name},
        {"stop_producing before start", stop_producing_before_start, VARIANTS, lane_name},
        {"stop_producing while paused", stop_producing_while_paused, VARIANTS, lane_name},
        {"stop_producing while idle", stop_producing_while_idle, VARIANTS, lane_name},
        {"the last handle goes without stop", the_last_handle_goes_without_stop, WAYS * 2, handle_variant_name},
        {"the handle goes before any consumer came", the_handle_goes_before_any_consumer_came, WAYS, way_name},
        {"the consumer leaves early", the_consumer_leaves_early, VARIANTS, lane_name},
        {"a second consumer is refused", a_second_consumer_is_refused, CONSUMERS * CONSUMERS, pair_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
