/* SPDX-License-Identifier: Apache-2.0 */
/* The faces that a consumer can have. */
#include "production.h"

bool take(struct production *production, const void *payload, uint64_t sequence)
{
    const struct plan *plan = &production->plan;
    struct item *item = substituted(production, payload);
    if (item == NULL) {
        item = read_output(production, payload);
        CHECK_EQUAL(atomic_fetch_add(&item->delivered, 1), 0);
    } else {
        CHECK_EQUAL(atomic_fetch_add(&item->substitutes_delivered, 1), 0);
    }
    int place = atomic_load(&production->delivered);
    CHECK(place == 0 || production->order[place - 1] < sequence);
    production->order[place] = sequence;
    if (plan->by_call) {
        uint64_t before = atomic_exchange(&item->sequence, sequence);
        CHECK(before == UINT64_MAX || before == sequence);
    } else {
        CHECK_EQUAL(atomic_load(&item->sequence), sequence);
    }
    atomic_store(&production->delivered, place + 1);
    if (plan->ending == BY_CONSUMER && place == plan->mark) {
        oip_stop_producing(production->producer);
    }
    return plan->ending != BY_LEAVING || place < plan->mark;
}

static void *consume(oip_producer *producer, void *argument)
{
    struct production *production = argument;
    this_production = production->number;
    _Alignas(64) unsigned char payload[256];
    uint64_t sequence;
    int result;
    while ((result = oip_next(producer, payload, &sequence)) == 1) {
        if (!take(production, payload, sequence)) {
            return production;
        }
    }
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(oip_next(producer, payload, NULL), 0); /* again and again */
    return production;
}

static void *consume_attached(void *argument)
{
    struct production *production = argument;
    consume(production->producer, production);
    oip_detach(production->producer);
    return NULL;
}

static void *consume_in_loop(void *argument)
{
    struct production *production = argument;
    this_production = production->number;
    for (;;) {
        _Alignas(64) unsigned char payload[256];
        uint64_t sequence;
        int result = oip_try_next(production->producer, payload, &sequence);
        if (result == 1) {
            if (!take(production, payload, sequence)) {
                break;
            }
        } else if (result == 0) {
            CHECK_EQUAL(oip_try_next(production->producer, payload, NULL), 0);
            break;
        } else {
            CHECK_EQUAL(result, -EAGAIN);
            void *tag = NULL;
            while (oip_ready_queue_take(production->queue, &tag) != 1) {
                CHECK_EQUAL(oip_ready_queue_wait(production->queue, -1), 1);
            }
            CHECK(tag == production);
        }
    }
    oip_detach(production->producer);
    return NULL;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    return take(context, payload, sequence) ? 0 : SINK_CODE;
}

int start_consumer(struct production *production)
{
    int result = -EINVAL;
    switch (production->plan.face) {
    case THREAD:
        result = oip_start(production->producer, consume, production);
        break;
    case ATTACHED:
        result = oip_attach(production->producer);
        if (result == 0) {
            CHECK_EQUAL(pthread_create(&production->thread, NULL, consume_attached, production), 0);
        }
        break;
    case SINK:
        result = oip_start_sink(production->producer, sink, production);
        break;
    case LOOP:
        CHECK_EQUAL(oip_ready_queue_create(&production->queue, NULL), 0);
        result = oip_attach_ready_queue(production->producer, production->queue, production);
        if (result == 0) {
            CHECK_EQUAL(pthread_create(&production->thread, NULL, consume_in_loop, production), 0);
        }
        break;
    case SHARED_LOOP:
        result = shared_loop_adopt(production->site->loop, production);
        break;
    case NOBODY:
    case FACES:
        break;
    }
    production->started = result == 0;
    return result;
}

void end_consumer(struct production *production)
{
    if (production->started) {
        if (production->plan.face == ATTACHED || production->plan.face == LOOP) {
            CHECK_EQUAL(pthread_join(production->thread, NULL), 0);
        } else if (production->plan.face == SHARED_LOOP) {
            wait_for(&production->gone);
        }
    }
    if (production->queue != NULL) {
        void *tag;
        while (oip_ready_queue_take(production->queue, &tag) == 1) {
            /* the end, told to a loop that had seen it already: its entry holds the producer */
        }
    }
}
