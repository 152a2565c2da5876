/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of consumers that a lane can have. */
#include "lane.h"

/* What every consumer does with an item. Not 0: it leaves. */
static int take(struct lane *lane, const void *payload, uint64_t sequence)
{
    struct item *item = ((const struct payload *)payload)->first;
    CHECK(item->lane == lane);
    CHECK_EQUAL(atomic_load(&item->ends), 1);
    CHECK_EQUAL(atomic_fetch_add(&item->deliveries, 1), 0);
    int place = atomic_load(&lane->delivered);
    CHECK(place == 0 || lane->order[place - 1] < sequence);
    lane->order[place] = sequence;
    item->sequence = sequence;
    atomic_store(&lane->delivered, place + 1);
    sem_post(&lane->arrivals);
    return lane->on_delivery != NULL ? lane->on_delivery(lane, item) : 0;
}

static void *consume(oip_producer *producer, void *argument)
{
    struct lane *lane = argument;
    struct payload payload;
    uint64_t sequence;
    int result;
    while ((result = oip_next(producer, &payload, &sequence)) == 1) {
        if (take(lane, &payload, sequence) != 0) {
            sem_post(&lane->finished);
            return lane;
        }
    }
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(oip_next(producer, &payload, NULL), 0); /* again and again */
    sem_post(&lane->finished);
    return lane;
}

static void *consume_attached(void *argument)
{
    struct lane *lane = argument;
    consume(lane->producer, lane);
    oip_detach(lane->producer);
    return NULL;
}

static void *consume_in_loop(void *argument)
{
    struct lane *lane = argument;
    for (;;) {
        struct payload payload;
        uint64_t sequence;
        int result = oip_try_next(lane->producer, &payload, &sequence);
        if (result == 1) {
            if (take(lane, &payload, sequence) != 0) {
                break;
            }
            continue;
        }
        if (result == 0) {
            CHECK_EQUAL(oip_try_next(lane->producer, &payload, NULL), 0);
            break;
        }
        CHECK_EQUAL(result, -EAGAIN);
        void *tag = NULL;
        while (oip_ready_queue_take(lane->queue, &tag) != 1) {
            CHECK_EQUAL(oip_ready_queue_wait(lane->queue, -1), 1);
        }
        CHECK(tag == lane);
    }
    oip_detach(lane->producer);
    sem_post(&lane->finished);
    return NULL;
}

bool lane_drain(struct lane *lane)
{
    struct payload payload;
    uint64_t sequence;
    int result;
    while ((result = oip_try_next(lane->producer, &payload, &sequence)) == 1) {
        take(lane, &payload, sequence);
    }
    CHECK(result == 0 || result == -EAGAIN);
    bool first = result == 0 && sem_trywait(&lane->finished) != 0;
    if (result == 0) {
        sem_post(&lane->finished);
    }
    return first;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    int code = take(context, payload, sequence);
    if (code != 0) {
        sem_post(&((struct lane *)context)->finished);
    }
    return code;
}

int lane_start(struct lane *lane)
{
    int result = 0;
    switch (lane->consumer) {
    case THREAD:
        result = oip_start(lane->producer, consume, lane);
        break;
    case ATTACHED:
        result = oip_attach(lane->producer);
        if (result == 0) {
            CHECK_EQUAL(pthread_create(&lane->thread, NULL, consume_attached, lane), 0);
        }
        break;
    case SINK:
        result = oip_start_sink(lane->producer, sink, lane);
        break;
    case LOOP:
        result = oip_attach_ready_queue(lane->producer, lane->queue, lane);
        if (result == 0) {
            CHECK_EQUAL(pthread_create(&lane->thread, NULL, consume_in_loop, lane), 0);
        }
        break;
    case CONSUMERS:
        break;
    }
    lane->started = lane->started || result == 0;
    return result;
}
