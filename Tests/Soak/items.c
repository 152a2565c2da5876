/* SPDX-License-Identifier: Apache-2.0 */
/* What happens inside items, and what their memory holds before and after. */
#include "production.h"
#include "tally.h"

#include <sched.h>
#include <string.h>
#include <time.h>

/* Input: a word and the item, as the argument of an oip_call is. Output: the item, and another word. Then a filling. */
struct payload {
    void *first;
    void *second;
};

_Static_assert(sizeof(struct payload) == sizeof(struct oip_call), "one discard function for both");

enum { INPUT_FILLING = 0xa5, OUTPUT_FILLING = 0x3c };

size_t payload_stride(const struct plan *plan)
{
    return (plan->payload_size + plan->payload_align - 1) / plan->payload_align * plan->payload_align;
}

static void *word_of(const struct item *item)
{
    return (void *)((uintptr_t)item ^ 0x5555u);
}

static void fill(const struct production *production, void *payload, int filling)
{
    memset((struct payload *)payload + 1, filling, production->plan.payload_size - sizeof(struct payload));
}

static void check_filling(const struct production *production, const void *payload, int filling)
{
    const unsigned char *bytes = payload;
    for (size_t i = sizeof(struct payload); i < production->plan.payload_size; i++) {
        CHECK_EQUAL(bytes[i], filling);
    }
}

void write_input(struct item *item, void *payload)
{
    struct payload *at = payload;
    if (item->production->plan.by_call) {
        struct oip_call call = {make_called, item};
        memcpy(payload, &call, sizeof call);
    } else {
        *at = (struct payload){word_of(item), item};
        fill(item->production, payload, INPUT_FILLING);
    }
}

static void write_output(struct item *item, void *payload)
{
    *(struct payload *)payload = (struct payload){item, word_of(item)};
    fill(item->production, payload, OUTPUT_FILLING);
}

struct item *read_input(struct production *production, const void *payload)
{
    const struct payload *at = payload;
    struct item *item = at->second;
    CHECK(item->production == production);
    if (!production->plan.by_call) {
        CHECK(at->first == word_of(item));
        check_filling(production, payload, INPUT_FILLING);
    }
    return item;
}

struct item *read_output(struct production *production, const void *payload)
{
    const struct payload *at = payload;
    struct item *item = at->first;
    CHECK(item->production == production);
    CHECK_EQUAL(atomic_load(&item->ended), 1);
    if (!production->plan.by_call) {
        CHECK(at->second == word_of(item));
        check_filling(production, payload, OUTPUT_FILLING);
    }
    return item;
}

void accepted(struct item *item, uint64_t sequence)
{
    CHECK_EQUAL(atomic_fetch_add(&item->accepted, 1), 0);
    if (sequence != UINT64_MAX) {
        uint64_t before = atomic_exchange(&item->sequence, sequence);
        CHECK(before == UINT64_MAX || before == sequence);
    }
}

/* An item asks for another one of its own producer. */
static void nest(struct production *production, bool may_help)
{
    int extra = atomic_fetch_add(&production->extras, 1);
    if (extra >= EXTRAS) {
        return;
    }
    struct item *item = &production->items[production->plan.total + extra];
    int result = produce_one(production, item, may_help);
    CHECK(result == 0 || is_end(production, result) || result == (may_help ? -EDEADLK : -EAGAIN));
    count_one(result == 0 ? &tally.nested : &tally.nested_refused);
}

static void spend_time(struct item *item)
{
    enum weight weight = item->production->plan.weight;
    int spins = 0;
    switch (item->mood % 32) {
    case 0:
        sched_yield();
        break;
    case 1:
        spins = 20000;
        break;
    case 2:
        if (weight == HEAVY) {
            nanosleep(&(struct timespec){0, 300000}, NULL);
        }
        break;
    default:
        spins = weight == LIGHT ? 0 : 500;
        break;
    }
    for (volatile int i = 0; i < spins; i++) {
    }
}

static int run_item(struct item *item, bool on_pool)
{
    struct production *production = item->production;
    const struct plan *plan = &production->plan;
    CHECK_EQUAL(atomic_fetch_add(&item->begun, 1), 0);
    spend_time(item);
    int index = (int)(item - production->items);
    if (on_pool && plan->nests && index < plan->total && item->mood % 8 == 7) {
        nest(production, item->mood % 16 == 7);
    }
    if (plan->ending == BY_ITEM && index == plan->mark) {
        oip_stop_producing(production->producer);
    }
    CHECK_EQUAL(atomic_fetch_add(&item->ended, 1), 0);
    if (item->fails) {
        if (!plan->deadlines) {
            atomic_fetch_add(&item->failed, 1); /* otherwise that is told, as it may be late */
        }
        return item_code(atomic_load(&item->sequence));
    }
    return 0;
}

int make_payload(void *context, void *payload, uint64_t sequence)
{
    struct item *item = read_input(context, payload);
    uint64_t before = atomic_exchange(&item->sequence, sequence);
    CHECK(before == UINT64_MAX || before == sequence);
    int code = run_item(item, true);
    if (code == 0) {
        write_output(item, payload);
    }
    return code;
}

int make_called(void *argument, void **result)
{
    *result = argument;
    return run_item(argument, true);
}

void finish_elsewhere(void *argument)
{
    struct item *item = argument;
    oip_producer *producer = item->production->producer;
    uint64_t sequence = atomic_load(&item->sequence);
    int code = run_item(item, false);
    _Alignas(16) unsigned char output[256];
    if (code != 0) {
        write_input(item, output);
        oip_fail_with(producer, sequence, code, output);
    } else {
        write_output(item, output);
        oip_complete(producer, sequence, output);
    }
}

void discard_payload(void *context, void *payload, enum oip_payload_state state)
{
    if (state == OIP_PAYLOAD_INPUT) {
        struct item *item = read_input(context, payload);
        CHECK_EQUAL(atomic_load(&item->begun), 0);
        atomic_fetch_add(&item->inputs_discarded, 1);
        return;
    }
    struct item *item = substituted(context, payload);
    if (item != NULL) {
        CHECK_EQUAL(atomic_fetch_add(&item->substitutes_discarded, 1), 0);
    } else {
        item = read_output(context, payload);
        atomic_fetch_add(&item->outputs_discarded, 1);
    }
}
