/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

/* What a substitute is, beside the item whose place it takes. */
enum { INSTEAD = 1000 };

bool may_be_overtaken(uint64_t index)
{
    return cast->late.due != 0 && index == LATE;
}

bool is_substitute(uint64_t payload)
{
    return payload >= INSTEAD;
}

static struct item *item_of(struct side *side, uint64_t substitute)
{
    REQUIRE(may_be_overtaken(substitute - INSTEAD));
    return &side->items[substitute - INSTEAD];
}

int request(struct side *side, uint64_t index)
{
    struct item *item = &side->items[index];
    bool is_told = cast->way == WITH_CALLBACK || cast->way == RESERVED_BY_CALLBACK;
    item->request = (struct oip_request){
        .size = sizeof item->request,
        .payload = is_reserved(index) ? NULL : &item->payload,
        .deadline_ns = may_be_overtaken(index) ? cast->late.due : OIP_NO_DEADLINE,
        .argument = item,
        .waiter = is_told ? &item->waiter : NULL,
    };
    return oip_request(side->producer, &item->request, &item->sequence);
}

static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    struct side *side = context;
    struct item *item = argument;
    uint64_t index = (uint64_t)(item - side->items);
    REQUIRE(may_be_overtaken(index) && side->released == 0);
    REQUIRE(item->overtaking.substitutes == 0 && item->overtaking.arguments == 0);
    REQUIRE(item->delivered == 0 && sequence == side->next_sequence);
    item->sequence = sequence;
    item->overtaking.substitutes++;
    item->overtaking.arguments++;
    item->overtaking.behind_abort = side->aborted;
    *(uint64_t *)payload = INSTEAD + index;
    event_happens(&side->overtaken);
    return cast->late.instead;
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    struct side *side = context;
    uint64_t index = *(uint64_t *)payload;
    REQUIRE(code == FAILURE && index < MOST_ITEMS && side->released == 0);
    struct item *item = &side->items[index];
    REQUIRE(item->failed && item->sequence == sequence);
    item->overtaking.failures += !late;
    item->overtaking.late_failures += late;
}

static void release_argument(void *context, void *argument)
{
    struct side *side = context;
    REQUIRE(side->released == 0);
    ((struct item *)argument)->overtaking.arguments++;
}

void allow_deadlines(struct oip_producer_options *options)
{
    if (cast->late.due != 0) {
        options->deadlines = true;
        options->substitute = substitute;
        options->failed = failed;
        options->release_argument = release_argument;
    }
}

void deliver_substitute(struct side *side, uint64_t payload, uint64_t sequence)
{
    struct item *item = item_of(side, payload);
    REQUIRE(item->overtaking.substitutes == 1 && item->overtaking.delivered + item->overtaking.discarded == 0);
    REQUIRE(!item->overtaking.behind_abort && item->sequence == sequence);
    item->overtaking.delivered++;
}

void discard_substitute(struct side *side, uint64_t payload)
{
    struct item *item = item_of(side, payload);
    REQUIRE(item->overtaking.substitutes == 1 && item->overtaking.delivered + item->overtaking.discarded == 0);
    item->overtaking.discarded++;
}

static bool substitutes_fail(void)
{
    return cast->late.instead != 0 && cast->late.instead != OIP_LEAVE_OUT;
}

unsigned failures_of(const struct item *item)
{
    if (cast->late.due == 0) {
        return item->failed;
    }
    return item->overtaking.failures + (substitutes_fail() ? item->overtaking.substitutes : 0);
}

void check_overtaking(const struct side *side, uint64_t index)
{
    const struct item *item = &side->items[index];
    if (cast->late.due == 0) {
        return;
    }
    REQUIRE(item->overtaking.arguments == item->accepted);
    REQUIRE(item->overtaking.failures + item->overtaking.late_failures == item->failed);
    REQUIRE(item->overtaking.delivered + item->overtaking.discarded ==
            (cast->late.instead == 0 ? item->overtaking.substitutes : 0));
    unsigned came_to_something = item->delivered + item->overtaking.failures + item->overtaking.substitutes;
    REQUIRE(came_to_something <= 1);
    REQUIRE(!may_be_overtaken(index) || !ends_whole() || cast->fails || came_to_something == 1);
}
