/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

enum { SINK_HAS_ENOUGH = 77 };

static size_t payload_bytes(const struct lane *lane)
{
    /* Of its exact size, so that the sanitizer sees a byte too much. */
    return lane->account.takes_calls ? sizeof(void *) : lane->account.payload_size;
}

/* Whether the consumer leaves after this item. */
static bool take(struct lane *lane, const void *payload, uint64_t sequence)
{
    struct item *item = account_delivered(&lane->account, payload, sequence);
    lane_on_delivery(lane, item, lane->consumer);
    if ((unsigned)atomic_load(&lane->account.delivered) < lane->leave_after) {
        return false;
    }
    atomic_store(&lane->account.abrupt, true);
    return true;
}

static void take_all(struct lane *lane)
{
    void *payload = malloc(payload_bytes(lane));
    EXPECT(payload != NULL);
    bool leaves = lane->leave_after == 0;
    if (leaves) {
        atomic_store(&lane->account.abrupt, true);
    }
    int result = 0;
    while (!leaves) {
        uint64_t sequence = UINT64_MAX;
        result = oip_next(lane->producer, payload, &sequence);
        if (result == 0) {
            break;
        }
        EXPECT(result == 1);
        leaves = take(lane, payload, sequence);
    }
    if (result == 0 && !leaves) { /* the end, again and again */
        EXPECT(oip_next(lane->producer, payload, NULL) == 0 && oip_try_next(lane->producer, payload, NULL) == 0);
    }
    free(payload);
}

static void *consume(oip_producer *producer, void *argument)
{
    struct lane *lane = argument;
    EXPECT(producer == lane->producer);
    take_all(lane);
    return lane;
}

static void *consume_attached(void *argument)
{
    struct lane *lane = argument;
    take_all(lane);
    oip_detach(lane->producer);
    return NULL;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    return take(context, payload, sequence) ? SINK_HAS_ENOUGH : 0;
}

static int attach(struct lane *lane, enum consumer consumer, struct queue *queue)
{
    switch (consumer) {
    case CONSUMER_IN_THREAD:
        return oip_start(lane->producer, consume, lane);
    case CONSUMER_IN_SINK:
        return oip_start_sink(lane->producer, sink, lane);
    case CONSUMER_IN_LOOP:
        return oip_attach_ready_queue(lane->producer, queue->queue, lane);
    default:
        return oip_attach(lane->producer);
    }
}

void lane_attach(struct lane *lane, enum consumer consumer, struct queue *queue, unsigned leave_after)
{
    if (consumer == CONSUMER_OF_NOBODY || (consumer == CONSUMER_IN_LOOP && (queue == NULL || queue->queue == NULL))) {
        return;
    }
    enum consumer before = lane->consumer;
    if (before == CONSUMER_OF_NOBODY) { /* it may begin at once */
        lane->consumer = consumer;
        bool drives = consumer == CONSUMER_IN_LOOP || consumer == CONSUMER_IN_DRIVER;
        lane->leave_after = drives ? UINT_MAX : leave_after;
        atomic_store(&lane->account.slack, 1);
        lane->queue = consumer == CONSUMER_IN_LOOP ? queue : NULL;
    }
    int result = attach(lane, consumer, queue);
    if (before != CONSUMER_OF_NOBODY) {
        EXPECT(result == -EALREADY || lane_has_ended(lane, result));
    } else if (result != 0) {
        EXPECT(lane_has_ended(lane, result));
        lane->consumer = CONSUMER_OF_NOBODY;
        lane->queue = NULL;
    } else if (consumer == CONSUMER_IN_OTHER_THREAD) {
        lane->consumer_thread_runs = true;
        EXPECT(pthread_create(&lane->consumer_thread, NULL, consume_attached, lane) == 0);
    }
}

int lane_try_next(struct lane *lane)
{
    void *payload = malloc(payload_bytes(lane));
    EXPECT(payload != NULL);
    uint64_t sequence = UINT64_MAX;
    int result = oip_try_next(lane->producer, payload, &sequence);
    if (lane->consumer == CONSUMER_OF_NOBODY) {
        bool may_be_over = lane->stopping || atomic_load(&lane->account.abrupt) || lane->pool->refuses;
        EXPECT(result == -EINVAL || (result == 0 && may_be_over));
    } else if (result == 1) {
        EXPECT(!lane->paused || lane->inside_pauses);
        take(lane, payload, sequence);
    } else {
        EXPECT(result == -EAGAIN || result == 0);
        EXPECT(result == -EAGAIN || lane->detached || lane_has_ended(lane, -EPIPE));
        lane->saw_end = result == 0;
    }
    free(payload);
    return result;
}

/* Whether an item or the end is certain to come without the driver. */
static bool comes(struct lane *lane)
{
    struct account *account = &lane->account;
    if (lane->detached || lane->stopping || atomic_load(&account->abrupt)) {
        return true;
    }
    if (lane->paused) {
        return false;
    }
    for (unsigned i = 0; i < atomic_load(&account->taken); i++) {
        struct item *item = &account->items[i];
        bool is_open = atomic_load(&item->accepted) && atomic_load(&item->fate) == FATE_OPEN;
        if (is_open && !item->fails && atomic_load(&item->substitutes) == 0 && lane_has_value_instead(item)) {
            return true;
        }
    }
    return false;
}

void lane_next(struct lane *lane)
{
    lane_finish_all_reserved(lane);
    if (lane->consumer != CONSUMER_IN_DRIVER || !comes(lane)) {
        return;
    }
    void *payload = malloc(payload_bytes(lane));
    EXPECT(payload != NULL);
    uint64_t sequence = UINT64_MAX;
    int result = oip_next(lane->producer, payload, &sequence);
    EXPECT(result == 1 || (result == 0 && (lane->detached || lane_has_ended(lane, -EPIPE))));
    if (result == 1) {
        take(lane, payload, sequence);
    }
    lane->saw_end = result == 0;
    free(payload);
}

void lane_detach(struct lane *lane)
{
    if (lane->consumer == CONSUMER_IN_LOOP || lane->consumer == CONSUMER_IN_DRIVER) {
        atomic_store(&lane->account.abrupt, true);
        lane->detached = true;
        oip_detach(lane->producer);
    }
}

void queue_serve(struct queue *queue, struct lane *lanes)
{
    void *tag = NULL;
    int result;
    while ((result = oip_ready_queue_take(queue->queue, &tag)) == 1) {
        struct lane *lane = tag;
        EXPECT(lane >= lanes && lane < lanes + LANES_MOST && lane->queue == queue && !lane->handle_is_back);
        while (lane_try_next(lane) == 1) {
        }
    }
    EXPECT(result == 0);
}
