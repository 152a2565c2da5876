/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool that is shut down while there are producers on it: it refuses new items from the beginning, what was asked for
 * before is delivered, and each production ends.
 */
#include "Support/lane.h"

#include <sched.h>

enum { VARIANTS = WAYS * CONSUMERS };

static void *shut_down(void *pool)
{
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    return NULL;
}

static pthread_t shut_down_aside(struct lane *lane)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, shut_down, lane->pool), 0);
    return thread;
}

/* From the time that the shutdown has begun; before it, the item is accepted once or the window is full. */
static void wait_for_refusal(struct lane *lane, int index)
{
    int result;
    WAIT_UNTIL((result = lane_try(lane, index)) != -EAGAIN);
    CHECK_EQUAL(result, -ESHUTDOWN);
}

static void expect_end(struct lane *lane, pthread_t shutdown, int delivered)
{
    CHECK_EQUAL(pthread_join(shutdown, NULL), 0); /* although nobody has called oip_stop() */
    if (lane->consumer != SINK) {
        wait_for(&lane->finished);
    }
    lane_check_in_order(lane, delivered);
    CHECK_EQUAL(oip_failure(lane->producer, NULL, NULL), 0);
    CHECK_EQUAL(lane_try(lane, delivered), -ESHUTDOWN); /* still */
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(lane_try(lane, delivered), -EPIPE); /* the program's own ending wins */
    lane_end(lane);
}

static void what_was_asked_for_is_delivered(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 3));
    lane_hold(lane, 0, 1, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    wait_for(&begun);
    pthread_t shutdown = shut_down_aside(lane);
    wait_for_refusal(lane, 3);
    sem_post(&hold);
    expect_end(lane, shutdown, 3);
}

static void it_waits_for_a_consumer(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 3));
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    pthread_t shutdown = shut_down_aside(lane);
    wait_for_refusal(lane, 3);
    CHECK_EQUAL(lane_start(lane), 0);
    expect_end(lane, shutdown, 3);
}

static void it_waits_for_a_pause(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 3));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    pthread_t shutdown = shut_down_aside(lane);
    wait_for_refusal(lane, 3);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_resume(lane->producer);
    expect_end(lane, shutdown, 3);
}

static void *ask_for_another(void *argument)
{
    CHECK_EQUAL(lane_ask(argument, 3, 1), -ESHUTDOWN);
    return NULL;
}

static void waiting_callers_are_refused(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 3));
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 3), 0);
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_for_another, lane), 0);
    pthread_t shutdown = shut_down_aside(lane);
    CHECK_EQUAL(pthread_join(caller, NULL), 0); /* although the pause goes on */
    oip_resume(lane->producer);
    expect_end(lane, shutdown, 3);
}

/* Nobody consumes, but there is nothing to be consumed. */
static void it_does_not_wait_for_a_consumer_of_nothing(int variant)
{
    struct lane *lane = lane_of_variant(variant, 1, 2, NULL);
    CHECK_EQUAL(oip_pool_shutdown(lane->pool), 0);
    CHECK_EQUAL(lane_try(lane, 0), -ESHUTDOWN);
    CHECK_EQUAL(lane_start(lane), -EPIPE); /* production has ended */
    lane_end(lane);
}

static int nothing(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

/* -EPIPE: production was ended by the program; whatever becomes of the pool. */
static void the_programs_own_ending_wins(int variant)
{
    (void)variant;
    enum { STOPPED, FINISHED, ABORTED, STOPPED_LATER, LEFT_ALONE, ENDINGS };
    oip_pool *pool = pool_of(2);
    oip_producer *producers[ENDINGS];
    uint64_t payload = 0;
    for (int i = 0; i < ENDINGS; i++) {
        CHECK_EQUAL(oip_producer_create(&producers[i], pool, OPTIONS(.payload_size = 8, .run = nothing)), 0);
        CHECK_EQUAL(oip_start_sink(producers[i], nothing, NULL), 0);
        CHECK_EQUAL(oip_produce(producers[i], &payload, NULL), 0);
    }
    CHECK_EQUAL(oip_stop(producers[STOPPED], NULL), 0);
    oip_finish(producers[FINISHED]);
    oip_stop_producing(producers[ABORTED]);
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    CHECK_EQUAL(oip_stop_async(producers[STOPPED_LATER], &stopped.waiter), 0);
    for (int i = 0; i < ENDINGS; i++) {
        int expected = i == LEFT_ALONE ? -ESHUTDOWN : -EPIPE;
        size_t accepted;
        struct blocking_waiter waiter;
        blocking_waiter_init(&waiter);
        CHECK_EQUAL(oip_produce(producers[i], &payload, NULL), expected);
        CHECK_EQUAL(oip_try_produce(producers[i], &payload, NULL), expected);
        CHECK_EQUAL(oip_produce_many(producers[i], &payload, 1, &accepted), expected);
        CHECK_EQUAL(oip_try_reserve(producers[i], &payload), expected);
        CHECK_EQUAL(oip_produce_async(producers[i], &payload, NULL, &waiter.waiter), expected);
        oip_producer_release(producers[i]);
    }
    oip_pool_release(pool);
}

/* Producers come and go while the shutdown goes round. */
static void *make_producers(void *pool)
{
    oip_producer *producer;
    int result;
    uint64_t payload = 0;
    while ((result = oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = nothing))) == 0) {
        int started = oip_start_sink(producer, nothing, NULL);
        CHECK(started == 0 || started == -EPIPE); /* it has ended with the pool, having nothing outstanding */
        int produced = oip_produce(producer, &payload, NULL);
        CHECK(produced == -ESHUTDOWN || (produced == 0 && started == 0));
        oip_producer_release(producer);
    }
    CHECK_EQUAL(result, -ESHUTDOWN);
    return NULL;
}

static void producers_come_and_go_meanwhile(int variant)
{
    (void)variant;
    for (int round = 0; round < 50; round++) {
        oip_pool *pool = pool_of(2);
        pthread_t makers[2];
        for (int i = 0; i < 2; i++) {
            CHECK_EQUAL(pthread_create(&makers[i], NULL, make_producers, pool), 0);
        }
        CHECK_EQUAL(oip_pool_shutdown(pool), 0);
        for (int i = 0; i < 2; i++) {
            CHECK_EQUAL(pthread_join(makers[i], NULL), 0);
        }
        oip_pool_release(pool);
    }
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"what was asked for is delivered", what_was_asked_for_is_delivered, VARIANTS, lane_name},
        {"it waits for a consumer", it_waits_for_a_consumer, VARIANTS, lane_name},
        {"it does not wait for a consumer of nothing", it_does_not_wait_for_a_consumer_of_nothing, VARIANTS, lane_name},
        {"it waits for a pause", it_waits_for_a_pause, VARIANTS, lane_name},
        {"waiting callers are refused", waiting_callers_are_refused, VARIANTS, lane_name},
        {"the program's own ending wins", the_programs_own_ending_wins, 0, NULL},
        {"producers come and go meanwhile", producers_come_and_go_meanwhile, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
