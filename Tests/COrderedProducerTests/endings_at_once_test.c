/* SPDX-License-Identifier: Apache-2.0 */
/* The endings that cut production short, for each way to ask and each kind of consumer: what is left is discarded. */
#include "Support/lane.h"

#include <sched.h>
#include <stdio.h>

enum { VARIANTS = WAYS * CONSUMERS, LAST_DELIVERED = 3, CODE = 77 };

/* ---------------------------------------------------------------------------------------------- by the program ---- */

static void stop_producing_ends_at_once(int variant)
{
    sem_t begun, hold;
    struct lane *lane = lane_of_variant(variant, 8, 2, OPTIONS(.window = 8));
    lane_hold(lane, 0, lane->count, &begun, &hold);
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
    WAIT_UNTIL(lane_finished_waiting(lane) == 4);
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
    lane_hold(lane, 0, lane->count, &begun, &hold);
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

/* ----------------------------------------------------------------------------------------- the consumer leaves ---- */

static int leave_at_third(struct lane *lane, struct item *item)
{
    (void)item;
    return atomic_load(&lane->delivered) == LAST_DELIVERED ? CODE : 0;
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
    lane_check_in_order(lane, LAST_DELIVERED);
    uint64_t sequence = 99;
    int code = 0;
    CHECK_EQUAL(oip_failure(lane->producer, &sequence, &code), lane->consumer == SINK);
    if (lane->consumer == SINK) {
        CHECK_EQUAL(sequence, LAST_DELIVERED - 1);
        CHECK_EQUAL(code, CODE);
    }
    CHECK_EQUAL(lane_start(lane), -EPIPE);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"stop_producing ends at once", stop_producing_ends_at_once, VARIANTS, lane_name},
        {"stop_producing before start", stop_producing_before_start, VARIANTS, lane_name},
        {"stop_producing while paused", stop_producing_while_paused, VARIANTS, lane_name},
        {"stop_producing while idle", stop_producing_while_idle, VARIANTS, lane_name},
        {"the last handle goes without stop", the_last_handle_goes_without_stop, WAYS * 2, handle_variant_name},
        {"the handle goes before any consumer came", the_handle_goes_before_any_consumer_came, WAYS, way_name},
        {"the consumer leaves early", the_consumer_leaves_early, VARIANTS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
