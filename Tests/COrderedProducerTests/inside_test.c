/* SPDX-License-Identifier: Apache-2.0 */
/* Endings from inside: what an item, the consumer function and the sink may and may not end, and how. */
#include "Support/lane.h"

#include <sched.h>
#include <string.h>

enum { VARIANTS = WAYS * CONSUMERS };

static sem_t inside_done;
static atomic_int inside_results[2];

/* Every call that would wait for its own caller. */
static void try_all_stops(struct lane *lane)
{
    atomic_store(&inside_results[0], oip_stop(lane->producer, NULL));
    /* An attached thread is one of the program's own: the pool does not know it as a consumer. */
    if (lane->consumer != ATTACHED) {
        atomic_store(&inside_results[1], oip_pool_shutdown(lane->pool));
    }
}

static void expect_deadlocks(const struct lane *lane)
{
    CHECK_EQUAL(atomic_load(&inside_results[0]), -EDEADLK);
    if (lane->consumer != ATTACHED) {
        CHECK_EQUAL(atomic_load(&inside_results[1]), -EDEADLK);
    }
}

static void stop_in_item(struct item *item)
{
    try_all_stops(item->lane);
    sem_post(&inside_done);
}

static void stop_inside_an_item_is_refused(int variant)
{
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    if (lane->way == BY_RESERVE) {
        lane_end(lane); /* a reserved item has no inside that the library knows */
        return;
    }
    lane->items[1].inside = stop_in_item;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    wait_for(&inside_done);
    expect_deadlocks(lane);
    CHECK_EQUAL(lane_ask(lane, 2, 1), 0); /* nothing has changed */
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 3);
    lane_end(lane);
}

static int stop_on_delivery(struct lane *lane, struct item *item)
{
    if (item == &lane->items[1]) {
        try_all_stops(lane);
        sem_post(&inside_done);
    }
    return 0;
}

/* A loop's thread is its own business: the library does not know it. */
static void stop_inside_the_consumer_is_refused(int variant)
{
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_create((enum way)(variant / LOOP), (enum consumer)(variant % LOOP), 3, 2, NULL);
    lane->on_delivery = stop_on_delivery;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    wait_for(&inside_done);
    expect_deadlocks(lane);
    CHECK_EQUAL(lane_ask(lane, 2, 1), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 3);
    lane_end(lane);
}

static const char *no_loop_name(int variant)
{
    return lane_name(variant / LOOP * CONSUMERS + variant % LOOP);
}

/* --------------------------------------------------------------------------------- a stop that does not wait ---- */

static struct blocking_waiter stopper;

static void stop_without_waiting(struct lane *lane)
{
    CHECK_EQUAL(oip_stop_async(lane->producer, &stopper.waiter), -EINPROGRESS);
    CHECK_EQUAL(lane_try(lane, 2), -EPIPE);
    sem_post(&inside_done);
}

static void stop_async_in_item(struct item *item)
{
    stop_without_waiting(item->lane);
}

static int stop_async_on_delivery(struct lane *lane, struct item *item)
{
    if (item == &lane->items[0]) {
        stop_without_waiting(lane);
    }
    return 0;
}

static void expect_told(struct lane *lane, int delivered)
{
    wait_for(&inside_done);
    wait_for(&stopper.told);
    CHECK_EQUAL(stopper.result, 0);
    lane_check_in_order(lane, delivered);
    lane_end(lane);
}

static void stop_async_inside_an_item(int variant)
{
    sem_init(&inside_done, 0, 0);
    blocking_waiter_init(&stopper);
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    lane->items[0].inside = stop_async_in_item;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    expect_told(lane, 1);
}

/* For a loop, too, whose thread the library does not know. */
static void stop_async_inside_the_consumer(int variant)
{
    sem_init(&inside_done, 0, 0);
    blocking_waiter_init(&stopper);
    struct lane *lane = lane_of_variant(variant, 3, 2, NULL);
    lane->on_delivery = stop_async_on_delivery;
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    oip_resume(lane->producer);
    expect_told(lane, 2);
}

/* ------------------------------------------------------------------------------------------- an end at once ---- */

static void end_in_item(struct item *item)
{
    oip_stop_producing(item->lane->producer);
    CHECK_EQUAL(lane_try(item->lane, 3), -EPIPE);
}

static void stop_producing_inside_an_item(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, NULL);
    lane->items[1].inside = end_in_item;
    CHECK_EQUAL(lane_start(lane), 0);
    int result = lane_ask(lane, 0, 3);
    CHECK(result == 0 || result == -EPIPE);
    if (lane->consumer != SINK) {
        wait_for(&lane->finished);
    }
    WAIT_UNTIL(atomic_load(&lane->items[1].ends) == 1);
    CHECK_EQUAL(lane_try(lane, 3), -EPIPE);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK(atomic_load(&lane->delivered) <= 1);
    lane_end(lane);
}

static int end_on_delivery(struct lane *lane, struct item *item)
{
    if (item == &lane->items[1]) {
        oip_stop_producing(lane->producer);
    }
    return 0;
}

static void stop_producing_inside_the_consumer(int variant)
{
    struct lane *lane = lane_of_variant(variant, 60, 2, OPTIONS(.window = 4));
    lane->on_delivery = end_on_delivery;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 60), -EPIPE);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 2); /* the one that ended it is the last */
    lane_end(lane);
}

static void shut_down_in_function(void *argument)
{
    atomic_store(&inside_results[1], oip_pool_shutdown(argument));
    sem_post(&inside_done);
}

static void shutdown_on_a_pool_thread_is_refused(int variant)
{
    (void)variant;
    sem_init(&inside_done, 0, 0);
    oip_pool *pool = pool_of(1);
    CHECK_EQUAL(oip_pool_run(pool, shut_down_in_function, pool), 0);
    wait_for(&inside_done);
    CHECK_EQUAL(atomic_load(&inside_results[1]), -EDEADLK);
    CHECK(strlen(oip_error_detail()) == 0);                          /* of the thread that called */
    CHECK_EQUAL(oip_pool_run(pool, shut_down_in_function, pool), 0); /* nothing has changed */
    wait_for(&inside_done);
    pool_end(pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"stop inside an item is refused", stop_inside_an_item_is_refused, VARIANTS, lane_name},
        {"stop inside the consumer is refused", stop_inside_the_consumer_is_refused, WAYS * LOOP, no_loop_name},
        {"stop_async inside an item", stop_async_inside_an_item, VARIANTS, lane_name},
        {"stop_async inside the consumer", stop_async_inside_the_consumer, VARIANTS, lane_name},
        {"stop_producing inside an item", stop_producing_inside_an_item, VARIANTS, lane_name},
        {"stop_producing inside the consumer", stop_producing_inside_the_consumer, VARIANTS, lane_name},
        {"shutdown on a pool thread is refused", shutdown_on_a_pool_thread_is_refused, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
