/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to ask for items, mixed at random by each caller. */
#include "production.h"
#include "tally.h"

#include <sched.h>
#include <stdlib.h>

enum { MANY_MOST = 20, REQUEST = 100 };

int wait_or_give_up(struct production *production, struct blocking_waiter *waiter, int result, uint64_t *sequence,
                    bool gives_up)
{
    result = blocking_waiter_outcome(waiter, production->producer, result, sequence, gives_up);
    if (result == -ECANCELED) {
        count_one(&tally.cancelled);
    }
    return result;
}

int produce_one(struct production *production, struct item *item, bool waits)
{
    _Alignas(16) unsigned char payload[PAYLOAD_MOST];
    uint64_t sequence = UINT64_MAX;
    write_input(item, payload);
    int result = waits ? oip_produce(production->producer, payload, &sequence)
                       : oip_try_produce(production->producer, payload, &sequence);
    if (result == 0) {
        accepted(item, sequence);
    }
    return result;
}

static int try_until_room(struct production *production, struct item *item)
{
    int result;
    while ((result = produce_one(production, item, false)) == -EAGAIN) {
        sched_yield();
    }
    return result;
}

static int produce_called(struct production *production, struct item *item)
{
    uint64_t sequence = UINT64_MAX;
    int result = oip_produce_call(production->producer, make_called, item, &sequence);
    if (result == 0) {
        accepted(item, sequence);
    }
    return result;
}

static int produce_awaited(struct production *production, struct item *item, bool gives_up)
{
    _Alignas(16) unsigned char payload[PAYLOAD_MOST];
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    uint64_t sequence = UINT64_MAX;
    write_input(item, payload);
    int result = oip_produce_async(production->producer, payload, &sequence, &waiter.waiter);
    result = wait_or_give_up(production, &waiter, result, &sequence, gives_up);
    if (result == 0) {
        accepted(item, sequence);
    }
    return result;
}

static int reserve_one(struct production *production, struct item *item, int form, bool gives_up)
{
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    uint64_t sequence = UINT64_MAX;
    int result;
    if (form == 0) {
        result = oip_reserve(production->producer, &sequence);
    } else if (form == 1) {
        while ((result = oip_try_reserve(production->producer, &sequence)) == -EAGAIN) {
            sched_yield();
        }
    } else {
        result = oip_reserve_async(production->producer, &sequence, &waiter.waiter);
        result = wait_or_give_up(production, &waiter, result, &sequence, gives_up);
    }
    if (result == 0) {
        accepted(item, sequence);
        CHECK_EQUAL(oip_pool_run(production->site->elsewhere, finish_elsewhere, item), 0);
    }
    return result;
}

static int produce_many(struct production *production, struct item *items, int count, bool waits)
{
    size_t stride = payload_stride(&production->plan), taken = 0;
    unsigned char *payloads = calloc((size_t)count, stride);
    CHECK(payloads != NULL);
    for (int i = 0; i < count; i++) {
        write_input(&items[i], payloads + (size_t)i * stride);
    }
    int result = 0;
    for (size_t before = 0; before < (size_t)count; before += taken) {
        const unsigned char *rest = payloads + before * stride;
        size_t left = (size_t)count - before;
        result = waits ? oip_produce_many(production->producer, rest, left, &taken)
                       : oip_try_produce_many(production->producer, rest, left, &taken);
        for (size_t i = 0; i < taken; i++) {
            accepted(&items[before + i], UINT64_MAX);
        }
        CHECK(taken <= left && (result < 0 || !waits || taken == left));
        if (result == -EAGAIN) {
            CHECK(!waits && taken == 0);
            sched_yield();
        } else if (result < 0) {
            break;
        }
    }
    free(payloads);
    return result;
}

void *call(void *argument)
{
    struct caller *caller = argument;
    struct production *production = caller->production;
    struct dice *dice = &caller->dice;
    this_production = production->number;
    bool called = production->plan.by_call;
    for (int i = caller->first; i < caller->first + caller->count;) {
        struct item *item = &production->items[i];
        int left = caller->first + caller->count - i, count = 1, result = 0;
        bool requests = production->plan.deadlines && chance(dice, 2);
        switch (requests ? REQUEST : below(dice, called ? 3 : 7)) {
        case REQUEST:
            result = request_one(production, item, dice);
            break;
        case 0:
            result = called ? produce_called(production, item) : produce_one(production, item, true);
            break;
        case 1:
            result = try_until_room(production, item);
            break;
        case 2:
            result = produce_awaited(production, item, chance(dice, 3));
            break;
        case 3:
            result = reserve_one(production, item, below(dice, 3), chance(dice, 3));
            break;
        case 4:
            result = produce_one(production, item, true);
            break;
        default:
            count = 1 + below(dice, left < MANY_MOST ? left : MANY_MOST);
            result = produce_many(production, item, count, chance(dice, 2));
            break;
        }
        if (is_end(production, result)) {
            return NULL;
        }
        if (result != -ECANCELED) {
            CHECK_EQUAL(result, 0);
        }
        i += count;
    }
    return NULL;
}
