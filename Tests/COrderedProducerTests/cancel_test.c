/* SPDX-License-Identifier: Apache-2.0 */
/* Taking back a wait: what was never registered, or is over, is said to be, and nobody touches its memory. */
#include "Support/lane.h"

#include <sched.h>
#include <string.h>

static void never_told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)waiter, (void)result, (void)sequence;
    CHECK(!"a wait that was not registered is over");
}

enum { ZEROED, FILLED, PATTERNS };

static const char *pattern_name(int pattern)
{
    return pattern == ZEROED ? "zeroed memory" : "memory that nobody has initialised";
}

/* What the library keeps in a waiter is its own business: a caller sets two fields. */
static struct oip_waiter waiter_of_pattern(int pattern)
{
    struct oip_waiter waiter;
    memset(&waiter, pattern == ZEROED ? 0 : 0xA5, sizeof waiter);
    waiter.done = never_told;
    waiter.context = NULL;
    return waiter;
}

static void what_was_never_registered_is_not_taken_back(int pattern)
{
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, OPTIONS(.window = 1));
    struct oip_waiter waiter = waiter_of_pattern(pattern), before = waiter;
    CHECK_EQUAL(oip_cancel(lane->producer, &waiter), -EALREADY);
    CHECK(memcmp(&waiter, &before, sizeof waiter) == 0);
    lane_end(lane);
}

/* The call found room, so there was no wait. */
static void what_was_accepted_at_once_is_not_taken_back(int pattern)
{
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 2, 1, OPTIONS(.window = 2));
    struct oip_waiter waiter = waiter_of_pattern(pattern);
    struct payload payload = lane_input(lane, 0);
    uint64_t sequence;
    CHECK_EQUAL(oip_produce_async(lane->producer, &payload, &sequence, &waiter), 0);
    lane_accepted(lane, 0, sequence);
    CHECK_EQUAL(oip_cancel(lane->producer, &waiter), -EALREADY);
    lane_end(lane);
}

/* Others wait all along, in front and behind. */
static void what_is_over_is_not_taken_back_twice(int consumer)
{
    enum { WAITS = 3 };
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 1 + WAITS, 1, OPTIONS(.window = 1));
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    struct blocking_waiter waiters[WAITS];
    struct payload payloads[WAITS];
    uint64_t sequence;
    for (int i = 0; i < WAITS; i++) {
        payloads[i] = lane_input(lane, 1 + i);
        blocking_waiter_init(&waiters[i]);
        CHECK_EQUAL(oip_produce_async(lane->producer, &payloads[i], &sequence, &waiters[i].waiter), -EINPROGRESS);
    }
    struct oip_waiter *middle = &waiters[1].waiter;
    CHECK_EQUAL(oip_cancel(lane->producer, middle), 0);
    CHECK_EQUAL(oip_cancel(lane->producer, middle), -EALREADY);
    CHECK_EQUAL(oip_produce_async(lane->producer, &payloads[1], &sequence, middle), -EINPROGRESS); /* the last now */
    CHECK_EQUAL(lane_start(lane), 0);
    static const int order[WAITS] = {0, 2, 1};
    for (int i = 0; i < WAITS; i++) {
        struct blocking_waiter *waiter = &waiters[order[i]];
        wait_for(&waiter->told);
        CHECK_EQUAL(waiter->result, 0);
        CHECK_EQUAL(waiter->sequence, 1 + i);
        lane_accepted(lane, 1 + order[i], waiter->sequence);
        CHECK_EQUAL(oip_cancel(lane->producer, &waiter->waiter), -EALREADY);
    }
    lane_end(lane);
}

/* A program that was compiled earlier has waiters of this size. */
static void a_waiter_keeps_its_size(int variant)
{
    (void)variant;
    CHECK_EQUAL(sizeof(struct oip_waiter), 8 * sizeof(void *));
    CHECK_EQUAL(_Alignof(struct oip_waiter), _Alignof(void *));
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"what was never registered", what_was_never_registered_is_not_taken_back, PATTERNS, pattern_name},
        {"what was accepted at once", what_was_accepted_at_once_is_not_taken_back, PATTERNS, pattern_name},
        {"what is over is not taken back twice", what_is_over_is_not_taken_back_twice, CONSUMERS, consumer_name},
        {"a waiter keeps its size", a_waiter_keeps_its_size, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
