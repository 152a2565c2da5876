/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to ask a lane for items. */
#include "lane_items.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct payload lane_input(struct lane *lane, int index)
{
    struct payload payload = {NULL, &lane->items[index]};
    if (lane->way == BY_CALL) {
        struct oip_call call = {lane_run_called, &lane->items[index]};
        memcpy(&payload, &call, sizeof payload);
    }
    return payload;
}

void lane_accepted(struct lane *lane, int index, uint64_t sequence)
{
    lane->items[index].accepted = true;
    lane->items[index].given = sequence;
}

void lane_finish_reserved(struct lane *lane, int index, uint64_t sequence)
{
    lane_accepted(lane, index, sequence);
    lane->items[index].sequence = sequence;
    CHECK_EQUAL(oip_pool_run(lane->elsewhere, lane_finish_elsewhere, &lane->items[index]), 0);
}

static int ask_async(struct lane *lane, const struct payload *payload, uint64_t *sequence)
{
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    int result = oip_produce_async(lane->producer, payload, sequence, &waiter.waiter);
    return blocking_waiter_outcome(&waiter, lane->producer, result, sequence, false);
}

static int ask_one(struct lane *lane, enum way way, int index, bool may_wait)
{
    struct payload payload = lane_input(lane, index);
    uint64_t sequence = UINT64_MAX;
    oip_producer *producer = lane->producer;
    int result = -EINVAL;
    switch (way) {
    case BY_PRODUCE:
        result = may_wait ? oip_produce(producer, &payload, &sequence) : oip_try_produce(producer, &payload, &sequence);
        break;
    case BY_TRY:
        result = oip_try_produce(producer, &payload, &sequence);
        while (may_wait && result == -EAGAIN) {
            sched_yield();
            result = oip_try_produce(producer, &payload, &sequence);
        }
        break;
    case BY_MANY: {
        size_t count = 7;
        result = may_wait ? oip_produce_many(producer, &payload, 1, &count)
                          : oip_try_produce_many(producer, &payload, 1, &count);
        CHECK_EQUAL(count, result == 0);
        break;
    }
    case BY_ASYNC:
        result = may_wait ? ask_async(lane, &payload, &sequence) : oip_try_produce(producer, &payload, &sequence);
        break;
    case BY_RESERVE:
        result = may_wait ? oip_reserve(producer, &sequence) : oip_try_reserve(producer, &sequence);
        break;
    case BY_CALL:
        result = may_wait ? oip_produce_call(producer, lane_run_called, &lane->items[index], &sequence)
                          : oip_try_produce(producer, &payload, &sequence);
        break;
    case WAYS:
        break;
    }
    if (result == 0) {
        if (way == BY_RESERVE) {
            lane_finish_reserved(lane, index, sequence);
        } else {
            lane_accepted(lane, index, sequence);
        }
    }
    return result;
}

int lane_try(struct lane *lane, int index)
{
    return ask_one(lane, lane->way, index, false);
}

static int ask_many(struct lane *lane, int first, int count)
{
    struct payload *payloads = calloc((size_t)count, sizeof *payloads);
    CHECK(payloads != NULL);
    for (int i = 0; i < count; i++) {
        payloads[i] = lane_input(lane, first + i);
    }
    size_t taken = 0;
    int result = oip_produce_many(lane->producer, payloads, (size_t)count, &taken);
    CHECK(result < 0 || taken == (size_t)count);
    for (size_t i = 0; i < taken; i++) {
        lane_accepted(lane, first + (int)i, UINT64_MAX);
    }
    free(payloads);
    return result;
}

int lane_ask_by(struct lane *lane, enum way way, int first, int count)
{
    if (way == BY_MANY && count > 0) {
        return ask_many(lane, first, count);
    }
    for (int i = first; i < first + count; i++) {
        int result = ask_one(lane, way, i, true);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

int lane_ask(struct lane *lane, int first, int count)
{
    return lane_ask_by(lane, lane->way, first, count);
}
