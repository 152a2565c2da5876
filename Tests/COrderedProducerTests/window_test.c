/* SPDX-License-Identifier: Apache-2.0 */
/* The window: its bound, and callers that wait for room, first come, first served. */
#include "Support/lane.h"

#include <sched.h>
#include <stdlib.h>

enum { CALLERS = 6, SHARE = 50 };

static void the_bound_is_exact(int variant)
{
    static const size_t windows[] = {1, 2, 3, 7, 8, 100};
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        int window = (int)windows[i];
        struct lane *lane = lane_of_variant(variant, window + 1, 2, OPTIONS(.window = windows[i]));
        for (int at = 0; at < window; at++) {
            CHECK_EQUAL(lane_try(lane, at), 0);
        }
        CHECK_EQUAL(lane_try(lane, window), -EAGAIN);
        struct oip_statistics statistics = {.size = sizeof statistics};
        CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
        CHECK_EQUAL(statistics.outstanding, window);
        CHECK_EQUAL(statistics.requested, window); /* no sequence is used up by a refusal */
        CHECK_EQUAL(lane_start(lane), 0);
        CHECK_EQUAL(lane_ask(lane, window, 1), 0);
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        CHECK_EQUAL(atomic_load(&lane->delivered), window + 1);
        lane_end(lane);
    }
}

static void many_takes_what_there_is_room_for(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_MANY, THREAD, 10, 2, OPTIONS(.window = 4));
    struct payload payloads[10];
    for (int i = 0; i < 10; i++) {
        payloads[i] = lane_input(lane, i);
    }
    size_t accepted = 99;
    CHECK_EQUAL(oip_try_produce_many(lane->producer, payloads, 0, &accepted), 0);
    CHECK_EQUAL(accepted, 0);
    CHECK_EQUAL(oip_try_produce_many(lane->producer, payloads, 3, &accepted), 0);
    CHECK_EQUAL(accepted, 3);
    CHECK_EQUAL(oip_try_produce_many(lane->producer, payloads + 3, 7, &accepted), 0);
    CHECK_EQUAL(accepted, 1);
    CHECK_EQUAL(oip_try_produce_many(lane->producer, payloads + 4, 6, &accepted), -EAGAIN);
    CHECK_EQUAL(accepted, 0);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(oip_produce_many(lane->producer, payloads + 4, 6, &accepted), 0);
    CHECK_EQUAL(accepted, 6);
    for (int i = 0; i < 10; i++) {
        lane_accepted(lane, i, UINT64_MAX);
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(oip_produce_many(lane->producer, payloads, 6, &accepted), -EPIPE);
    CHECK_EQUAL(accepted, 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 10);
    lane_end(lane);
}

static void *stop_producing_soon(void *argument)
{
    struct lane *lane = argument;
    wait_for(&lane->arrivals);
    oip_stop_producing(lane->producer);
    return NULL;
}

static void many_tells_how_many_it_took_before_the_end(int variant)
{
    (void)variant;
    enum { ITEMS = 100000 };
    struct lane *lane = lane_create(BY_MANY, THREAD, ITEMS, 2, OPTIONS(.window = 4));
    pthread_t stopper;
    CHECK_EQUAL(pthread_create(&stopper, NULL, stop_producing_soon, lane), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, ITEMS), -EPIPE);
    CHECK_EQUAL(pthread_join(stopper, NULL), 0);
    lane_end(lane); /* the accounts of exactly those that were accepted balance */
}

/* --------------------------------------------------------------------------------------------- waiting callers ---- */

struct caller {
    struct lane *lane;
    int index;
    int result;
    pthread_t thread;
};

static void *ask_once(void *argument)
{
    struct caller *caller = argument;
    caller->result = lane_ask(caller->lane, caller->index, 1);
    return NULL;
}

/* Registered waits are in line as soon as the call has returned. */
static void waiting_callers_are_served_in_order(int consumer)
{
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 2 + CALLERS, 1, OPTIONS(.window = 2));
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    struct blocking_waiter waiters[CALLERS];
    struct payload payloads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        blocking_waiter_init(&waiters[i]);
        payloads[i] = lane_input(lane, 2 + i);
        uint64_t sequence;
        CHECK_EQUAL(oip_produce_async(lane->producer, &payloads[i], &sequence, &waiters[i].waiter), -EINPROGRESS);
    }
    CHECK_EQUAL(lane_start(lane), 0);
    for (int i = 0; i < CALLERS; i++) {
        wait_for(&waiters[i].told);
        CHECK_EQUAL(waiters[i].result, 0);
        CHECK_EQUAL(waiters[i].sequence, 2 + i);
        lane_accepted(lane, 2 + i, waiters[i].sequence);
        CHECK_EQUAL(oip_cancel(lane->producer, &waiters[i].waiter), -EALREADY);
    }
    lane_end(lane);
}

static void newcomers_queue_behind_those_who_wait(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, LOOP, 4, 1, OPTIONS(.window = 2));
    CHECK_EQUAL(oip_attach_ready_queue(lane->producer, lane->queue, lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    struct payload payload = lane_input(lane, 2);
    uint64_t sequence;
    CHECK_EQUAL(oip_produce_async(lane->producer, &payload, &sequence, &waiter.waiter), -EINPROGRESS);
    CHECK_EQUAL(lane_try(lane, 3), -EAGAIN);
    CHECK_EQUAL(oip_cancel(lane->producer, &waiter.waiter), 0);
    CHECK(sem_trywait(&waiter.told) != 0);
    lane->started = true; /* this thread is the loop from here on */
    struct payload output;
    int result;
    while ((result = oip_try_next(lane->producer, &output, &sequence)) == -EAGAIN) {
        sched_yield();
    }
    CHECK_EQUAL(result, 1);
    CHECK_EQUAL(sequence, 0);
    atomic_fetch_add(&((struct item *)output.first)->deliveries, 1);
    atomic_fetch_add(&lane->delivered, 1);
    CHECK_EQUAL(lane_try(lane, 3), 0); /* nobody waits any more */
    CHECK_EQUAL(lane->items[3].given, 2);
    oip_detach(lane->producer);
    lane->started = false;
    lane_end(lane);
}

static void cancelled_waits_use_up_no_sequence(int consumer)
{
    enum { WAITS = 9 };
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 1 + WAITS, 1, OPTIONS(.window = 1));
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    struct blocking_waiter waiters[WAITS];
    struct payload payloads[WAITS];
    for (int i = 0; i < WAITS; i++) {
        blocking_waiter_init(&waiters[i]);
        payloads[i] = lane_input(lane, 1 + i);
        uint64_t sequence;
        CHECK_EQUAL(oip_produce_async(lane->producer, &payloads[i], &sequence, &waiters[i].waiter), -EINPROGRESS);
    }
    for (int i = 0; i < WAITS; i += 3) { /* the first, the middle, not the last */
        CHECK_EQUAL(oip_cancel(lane->producer, &waiters[i].waiter), 0);
        CHECK_EQUAL(oip_cancel(lane->producer, &waiters[i].waiter), -EALREADY);
    }
    CHECK_EQUAL(oip_cancel(lane->producer, &waiters[WAITS - 1].waiter), 0); /* the last */
    CHECK_EQUAL(lane_start(lane), 0);
    uint64_t expected = 1;
    for (int i = 0; i < WAITS - 1; i++) {
        if (i % 3 != 0) {
            wait_for(&waiters[i].told);
            CHECK_EQUAL(waiters[i].result, 0);
            CHECK_EQUAL(waiters[i].sequence, expected++);
            lane_accepted(lane, 1 + i, waiters[i].sequence);
        }
    }
    lane_end(lane);
}

static void an_ending_releases_all_who_wait(int variant)
{
    enum way way = (enum way)(variant / CONSUMERS);
    struct lane *lane = lane_create(way, (enum consumer)(variant % CONSUMERS), 1 + CALLERS, 1, OPTIONS(.window = 1));
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    struct caller callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.lane = lane, .index = 1 + i};
        CHECK_EQUAL(pthread_create(&callers[i].thread, NULL, ask_once, &callers[i]), 0);
    }
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    int stop = oip_stop_async(lane->producer, &stopped.waiter);
    if (stop != 0) {
        CHECK_EQUAL(stop, -EINPROGRESS);
        wait_for(&stopped.told);
    }
    for (int i = 0; i < CALLERS; i++) {
        CHECK_EQUAL(pthread_join(callers[i].thread, NULL), 0);
        CHECK_EQUAL(callers[i].result, -EPIPE);
    }
    lane_end(lane);
}

static void reservations_wait_as_well(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_RESERVE, THREAD, 3, 1, OPTIONS(.window = 1));
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    struct blocking_waiter waiters[2];
    for (int i = 0; i < 2; i++) {
        uint64_t sequence;
        blocking_waiter_init(&waiters[i]);
        CHECK_EQUAL(oip_reserve_async(lane->producer, &sequence, &waiters[i].waiter), -EINPROGRESS);
    }
    CHECK_EQUAL(oip_cancel(lane->producer, &waiters[0].waiter), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    wait_for(&waiters[1].told);
    CHECK_EQUAL(waiters[1].result, 0);
    CHECK_EQUAL(waiters[1].sequence, 1);
    lane_finish_reserved(lane, 1, 1);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 2);
    lane_end(lane);
}

/* Many callers on a tiny window: everybody gets through, each in its own order. */
static void *ask_share(void *argument)
{
    struct caller *caller = argument;
    for (int i = caller->index; i < caller->lane->count; i += CALLERS) {
        CHECK_EQUAL(lane_ask(caller->lane, i, 1), 0);
    }
    return NULL;
}

static void many_callers_share_a_small_window(int variant)
{
    struct lane *lane = lane_of_variant(variant, SHARE * CALLERS, 2, OPTIONS(.window = 2));
    CHECK_EQUAL(lane_start(lane), 0);
    struct caller callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.lane = lane, .index = i};
        CHECK_EQUAL(pthread_create(&callers[i].thread, NULL, ask_share, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        CHECK_EQUAL(pthread_join(callers[i].thread, NULL), 0);
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), SHARE * CALLERS);
    for (int i = CALLERS; i < lane->count; i++) {
        if (lane->way != BY_MANY) {
            CHECK(lane->items[i - CALLERS].given < lane->items[i].given);
        }
    }
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the bound is exact", the_bound_is_exact, WAYS * CONSUMERS, lane_name},
        {"many takes what there is room for", many_takes_what_there_is_room_for, 0, NULL},
        {"many tells how many it took", many_tells_how_many_it_took_before_the_end, 0, NULL},
        {"waiting callers are served in order", waiting_callers_are_served_in_order, CONSUMERS, consumer_name},
        {"newcomers queue behind those who wait", newcomers_queue_behind_those_who_wait, 0, NULL},
        {"cancelled waits use up no sequence", cancelled_waits_use_up_no_sequence, CONSUMERS, consumer_name},
        {"an ending releases all who wait", an_ending_releases_all_who_wait, WAYS * CONSUMERS, lane_name},
        {"reservations wait as well", reservations_wait_as_well, 0, NULL},
        {"many callers share a small window", many_callers_share_a_small_window, WAYS * CONSUMERS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
