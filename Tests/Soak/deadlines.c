/* SPDX-License-Identifier: Apache-2.0 */
/* Items that may be overtaken, what becomes of those that were and of substitutes, and an observer that counts. */
#include "production.h"
#include "tally.h"

#include <sched.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ substitutes ---- */

enum instead { A_VALUE, NOTHING, AN_ERROR };

static enum instead instead_of(const struct item *item)
{
    if (item->production->plan.failures_in != 0 && item->mood % 16 == 3) {
        return AN_ERROR;
    }
    return item->mood % 4 == 1 ? NOTHING : A_VALUE;
}

/* A substitute's payload begins with an odd address: that behind the one of its item. */
static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    struct item *item = argument;
    CHECK(item != NULL && item->production == context && item->has_argument);
    CHECK_EQUAL(atomic_fetch_add(&item->substitutes, 1), 0);
    CHECK_EQUAL(atomic_fetch_add(&item->arguments, 1), 0);
    uint64_t before = atomic_exchange(&item->sequence, sequence);
    CHECK(before == UINT64_MAX || before == sequence);
    switch (instead_of(item)) {
    case A_VALUE:
        *(char **)payload = (char *)item + 1;
        return 0;
    case NOTHING:
        return OIP_LEAVE_OUT;
    default:
        return item_code(sequence);
    }
}

struct item *substituted(struct production *production, const void *output)
{
    char *first = *(char *const *)output;
    if ((uintptr_t)first % 2 == 0) {
        return NULL;
    }
    struct item *item = (struct item *)(void *)(first - 1);
    CHECK(item->production == production && instead_of(item) == A_VALUE);
    CHECK_EQUAL(atomic_load(&item->substitutes), 1);
    return item;
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    struct item *item = read_input(context, payload);
    CHECK(item->fails);
    CHECK_EQUAL(atomic_load(&item->ended), 1);
    CHECK_EQUAL(code, item_code(sequence));
    CHECK_EQUAL(atomic_fetch_add(late ? &item->late_failures : &item->failed, 1), 0);
}

static void release_argument(void *context, void *argument)
{
    struct item *item = argument;
    CHECK(item->production == context);
    CHECK_EQUAL(atomic_fetch_add(&item->arguments, 1), 0);
}

static void observe(void *context, const struct oip_event *event)
{
    struct production *production = context;
    CHECK(event->kind <= OIP_OVERTAKEN && event->time != 0 && event->thread != 0);
    count_one(&production->events[event->kind]);
}

void allow_deadlines(struct production *production, struct oip_producer_options *options)
{
    if (production->plan.deadlines) {
        options->deadlines = true;
        options->deadline_ns = production->number % 2 != 0 ? 3600000000000 : 0;
        options->substitute = substitute;
        options->failed = failed;
        options->release_argument = release_argument;
        count_one(&tally.with_deadlines);
    }
    if (production->plan.observed) {
        options->observe = observe;
        options->observe_context = production;
    }
}

/* --------------------------------------------------------------------------------------------------- requests ---- */

/* A deadline that has passed at once, one that passes about when the item finishes, one far away, or none. */
static uint64_t deadline_of(const struct item *item)
{
    switch (item->mood / 32) {
    case 0:
    case 1:
    case 2:
        return 1;
    case 3:
    case 4:
        return 1 + item->mood % 32 * 2000u;
    case 5:
        return 3600000000000;
    case 6:
        return 0; /* the producer's, which is as far away */
    default:
        return OIP_NO_DEADLINE;
    }
}

int request_one(struct production *production, struct item *item, struct dice *dice)
{
    _Alignas(16) unsigned char payload[PAYLOAD_MOST];
    bool reserves = !production->plan.by_call && chance(dice, 3);
    struct blocking_waiter waiter;
    uint64_t sequence = UINT64_MAX;
    struct oip_request request = OIP_REQUEST_INIT;
    write_input(item, payload);
    item->has_argument = true;
    request.payload = reserves ? NULL : payload;
    request.deadline_ns = deadline_of(item);
    request.argument = item;
    int result;
    switch (below(dice, 3)) {
    case 0:
        result = oip_request(production->producer, &request, &sequence);
        break;
    case 1:
        request.nowait = true;
        while ((result = oip_request(production->producer, &request, &sequence)) == -EAGAIN) {
            sched_yield();
        }
        break;
    default:
        blocking_waiter_init(&waiter);
        request.waiter = &waiter.waiter;
        result = oip_request(production->producer, &request, &sequence);
        result = wait_or_give_up(production, &waiter, result, &sequence, chance(dice, 3));
    }
    count_one(&tally.requests);
    if (result == 0) {
        accepted(item, sequence);
        if (reserves) {
            CHECK_EQUAL(oip_pool_run(production->site->elsewhere, finish_elsewhere, item), 0);
        }
    }
    return result;
}

/* --------------------------------------------------------------------------------------------------- accounts ---- */

static bool was_overtaken(const struct item *item)
{
    return atomic_load(&item->substitutes) != 0;
}

bool was_left_out(const struct item *item)
{
    return was_overtaken(item) && instead_of(item) == NOTHING;
}

bool has_failed(const struct item *item)
{
    return was_overtaken(item) ? instead_of(item) == AN_ERROR : atomic_load(&item->failed);
}

struct fates fates_of(const struct item *item)
{
    bool accepted = atomic_load(&item->accepted);
    int inputs = atomic_load(&item->inputs_discarded), outputs = atomic_load(&item->outputs_discarded);
    int failures = atomic_load(&item->failed), late = atomic_load(&item->late_failures);
    CHECK_EQUAL(atomic_load(&item->arguments), accepted && item->has_argument);
    if (!was_overtaken(item)) {
        /* An ending may discard the place of an item that runs; it may fail after that. */
        return (struct fates){accepted,      atomic_load(&item->begun), failures, atomic_load(&item->delivered), inputs,
                              outputs + late};
    }
    CHECK(accepted);
    CHECK_EQUAL(atomic_load(&item->begun) + inputs, 1);
    CHECK_EQUAL(inputs + outputs + late, 1);
    CHECK_EQUAL(failures + atomic_load(&item->delivered), 0);
    count_one(&tally.overtaken);
    count_more(&tally.late, !inputs);
    int discarded = atomic_load(&item->substitutes_discarded) + was_left_out(item);
    return (struct fates){
        accepted, atomic_load(&item->begun), has_failed(item), atomic_load(&item->substitutes_delivered), 0, discarded};
}

void check_events(const struct production *production)
{
    unsigned long long requested = 0, begun = 0, overtaken = 0;
    for (int i = 0; i < production->plan.total + EXTRAS; i++) {
        const struct item *item = &production->items[i];
        requested += atomic_load(&item->accepted);
        begun += atomic_load(&item->begun);
        overtaken += was_overtaken(item);
    }
    if (production->plan.observed) {
        CHECK_EQUAL(atomic_load(&production->events[OIP_REQUESTED]), requested);
        CHECK_EQUAL(atomic_load(&production->events[OIP_STARTED]), begun);
        CHECK_EQUAL(atomic_load(&production->events[OIP_FINISHED]), begun);
        CHECK_EQUAL(atomic_load(&production->events[OIP_DELIVERED]), atomic_load(&production->delivered));
        CHECK_EQUAL(atomic_load(&production->events[OIP_OVERTAKEN]), overtaken);
    }
    for (int kind = 0; kind <= OIP_OVERTAKEN; kind++) {
        count_more(&tally.events, atomic_load(&production->events[kind]));
    }
}
