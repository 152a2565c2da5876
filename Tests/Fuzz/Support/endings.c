/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

enum { SINK_HAS_ENOUGH = 77 };

static bool is_driven(const struct lane *lane)
{
    return (lane->consumer == CONSUMER_IN_LOOP || lane->consumer == CONSUMER_IN_DRIVER) && !lane->detached;
}

static void got_value(struct lane *lane, const void *value)
{
    if (value != NULL) {
        EXPECT(value == lane && lane->consumer == CONSUMER_IN_THREAD && ++lane->values == 1);
    }
}

static void begin_stop(struct lane *lane)
{
    if (lane->consumer == CONSUMER_OF_NOBODY) {
        atomic_store(&lane->account.abrupt, true); /* what is outstanding is discarded */
    }
    lane->stopping = true;
    lane->paused = false;
}

void lane_stop(struct lane *lane)
{
    if (is_driven(lane)) {
        lane_stop_async(lane);
        return;
    }
    lane_finish_all_reserved(lane);
    begin_stop(lane);
    void *value = NULL;
    EXPECT(oip_stop(lane->producer, &value) == 0);
    got_value(lane, value);
    EXPECT(lane->values == (lane->consumer == CONSUMER_IN_THREAD));
    EXPECT(oip_stop(lane->producer, &value) == 0 && value == NULL);
}

void lane_stop_async(struct lane *lane)
{
    struct wait *wait = lane_new_wait(lane);
    if (wait == NULL) {
        return;
    }
    int result = oip_stop_async(lane->producer, &wait->waiter);
    EXPECT(result == 0 || result == -EINPROGRESS);
    begin_stop(lane);
    if (result != -EINPROGRESS) {
        lane->waits_count--;
        *wait = (struct wait){.item = NULL};
    }
}

void lane_stop_producing(struct lane *lane)
{
    atomic_store(&lane->account.abrupt, true);
    oip_stop_producing(lane->producer);
}

void lane_take_value(struct lane *lane)
{
    got_value(lane, oip_take_value(lane->producer));
}

static void join_consumer(struct lane *lane)
{
    if (lane->consumer_thread_runs) {
        EXPECT(pthread_join(lane->consumer_thread, NULL) == 0);
        lane->consumer_thread_runs = false;
    }
}

void lane_release(struct lane *lane)
{
    /* Who else has the handle has to be done with it first. */
    if (lane->callers_count != 0 || lane->consumer_thread_runs) {
        lane_stop_producing(lane);
    }
    lane_join_callers(lane);
    join_consumer(lane);
    if (lane->consumer == CONSUMER_IN_DRIVER) {
        lane_detach(lane);
    }
    atomic_store(&lane->account.abrupt, true);
    lane->handle_is_back = true;
    oip_producer_release(lane->producer);
}

/* The driver is the consumer, and takes what there is until the end. */
static void take_until_end(struct lane *lane, struct lane *lanes)
{
    while (lane_try_next(lane) == 1) {
    }
    while (!lane->saw_end) {
        struct queue *queue = lane->queue;
        if (lane->consumer == CONSUMER_IN_DRIVER) {
            lane_next(lane);
        } else if (queue->queue == NULL) {
            lane_try_next(lane);
            sched_yield();
        } else if (queue->notifies) {
            int seen = atomic_load(&queue->notices);
            queue_serve(queue, lanes);
            WAIT_UNTIL(lane->saw_end || atomic_load(&queue->notices) != seen);
        } else {
            EXPECT(oip_ready_queue_wait(queue->queue, -1) == 1);
            queue_serve(queue, lanes);
        }
    }
}

/* After production has ended. */
static void check_statistics(struct lane *lane)
{
    struct account *account = &lane->account;
    struct oip_statistics statistics = {.size = sizeof statistics};
    EXPECT(oip_get_statistics(lane->producer, &statistics) == 0);
    uint64_t sequence = 0;
    int code = 0;
    bool failed = oip_failure(lane->producer, &sequence, &code) == 1;
    bool has_failed = false; /* the item `sequence` */
    unsigned long long accepted = 0, overtaken = 0, lowest = UINT64_MAX;
    for (unsigned i = 0; i < atomic_load(&account->taken); i++) {
        struct item *item = &account->items[i];
        accepted += atomic_load(&item->accepted);
        overtaken += (unsigned)atomic_load(&item->substitutes);
        if (account_fate(item) == FATE_FAILED) {
            uint64_t failing = atomic_load(&item->sequence);
            lowest = failing < lowest ? failing : lowest;
            has_failed = has_failed || failing == sequence;
        }
    }
    EXPECT(statistics.requested == accepted && statistics.head == accepted);
    EXPECT(statistics.running == 0 && statistics.finished_waiting == 0 && statistics.outstanding == 0);
    EXPECT(statistics.delivered == (uint64_t)atomic_load(&account->delivered));
    EXPECT(statistics.failed == (uint64_t)atomic_load(&account->failed));
    /* Of an item that is late, or whose place an ending has discarded, the payload is discarded as it comes. */
    EXPECT(statistics.discarded == accepted - statistics.delivered - statistics.failed);
    EXPECT(account->deadlines || statistics.discarded == (uint64_t)atomic_load(&account->discarded));
    EXPECT(statistics.overtaken == overtaken && statistics.late <= accepted);
    EXPECT(statistics.skipped == (account->policy == OIP_SKIP ? statistics.failed : 0));
    if (failed) {
        bool by_sink = code == SINK_HAS_ENOUGH;
        /* At once it is the first in time, whichever that was. */
        bool is_to_blame = account->policy == OIP_FAIL_FAST ? has_failed : sequence == lowest;
        EXPECT(!by_sink || lane->consumer == CONSUMER_IN_SINK);
        EXPECT(by_sink || (account->policy != OIP_SKIP && (account->takes_calls || is_to_blame)));
        EXPECT(!by_sink || sequence == (uint64_t)atomic_load(&account->last_delivered));
    } else {
        EXPECT(atomic_load(&account->abrupt) || account->policy == OIP_SKIP || statistics.failed == 0);
    }
}

static void stop_in_order(struct lane *lane, struct lane *lanes)
{
    if (is_driven(lane)) {
        lane_finish_all_reserved(lane);
        if (!lane->stopping) {
            lane_stop_async(lane);
        }
        if (!lane->stopping) { /* the driver itself is inside the iteration, or no memory of a wait was left */
            lane_detach(lane);
        } else {
            take_until_end(lane, lanes);
        }
    }
    lane->detached = true;
    lane_stop(lane);
    lane_join_callers(lane);
    join_consumer(lane);
    check_statistics(lane);
}

void lane_end(struct lane *lane, struct lane *lanes)
{
    struct account *account = &lane->account;
    bool all = false;
    if (!lane->handle_is_back) {
        if (lane->ends_in_order) {
            stop_in_order(lane, lanes);
            all = !atomic_load(&account->abrupt);
        }
        lane_release(lane);
    }
    lane_finish_all_reserved(lane);
    while (atomic_load(&account->releases) == 0) {
        if (lane->queue != NULL && lane->queue->queue != NULL) {
            queue_serve(lane->queue, lanes); /* what was told keeps its producer until it is taken */
        }
        sched_yield();
    }
    for (unsigned i = 0; i < lane->waits_count; i++) {
        struct wait *wait = &lane->waits[i];
        EXPECT(atomic_load(&wait->told) == !wait->cancelled);
        free(wait->payload);
    }
    account_verify(account, all);
}
