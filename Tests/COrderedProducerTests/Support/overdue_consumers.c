/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue.h"
#include "overdue_items.h"

static void *consume(oip_producer *producer, void *argument)
{
    struct overdue *overdue = argument;
    _Alignas(64) char payload[4096];
    uint64_t sequence;
    while (oip_next(producer, payload, &sequence) == 1) {
        overdue_deliver(overdue, payload, sequence);
    }
    return NULL;
}

static void *consume_attached(void *argument)
{
    struct overdue *overdue = argument;
    consume(overdue->producer, overdue);
    oip_detach(overdue->producer);
    return NULL;
}

static void *loop(void *argument)
{
    struct overdue *overdue = argument;
    _Alignas(64) char payload[4096];
    uint64_t sequence;
    int taken;
    while ((taken = oip_try_next(overdue->producer, payload, &sequence)) != 0) {
        if (taken == 1) {
            overdue_deliver(overdue, payload, sequence);
            continue;
        }
        void *tag;
        do {
            CHECK_EQUAL(oip_ready_queue_wait(overdue->queue, -1), 1);
        } while (oip_ready_queue_take(overdue->queue, &tag) == 0);
    }
    return NULL;
}

void overdue_start(struct overdue *overdue)
{
    overdue->started = true;
    switch (overdue->consumer) {
    case THREAD:
        CHECK_EQUAL(oip_start(overdue->producer, consume, overdue), 0);
        break;
    case ATTACHED:
        CHECK_EQUAL(oip_attach(overdue->producer), 0);
        CHECK_EQUAL(pthread_create(&overdue->thread, NULL, consume_attached, overdue), 0);
        break;
    case SINK:
        CHECK_EQUAL(oip_start_sink(overdue->producer, overdue_deliver, overdue), 0);
        break;
    default:
        CHECK_EQUAL(oip_ready_queue_create(&overdue->queue, NULL), 0);
        CHECK_EQUAL(oip_attach_ready_queue(overdue->producer, overdue->queue, NULL), 0);
        CHECK_EQUAL(pthread_create(&overdue->thread, NULL, loop, overdue), 0);
    }
}
