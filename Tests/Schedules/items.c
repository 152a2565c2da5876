/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <errno.h>
#include <sched.h>

enum { SLICES = 8 }; /* of a slow item, between which others run */

static void ask_for_one_more(struct side *side)
{
    struct side *of = &sides[side_count - 1];
    uint64_t more = cast->callers * cast->items;
    int result = oip_produce(of->producer, &more, NULL);
    REQUIRE(result == 0 || result == -EDEADLK || result == -EPIPE);
    REQUIRE(result != -EDEADLK || of == side); /* room of another producer does not wait for this item */
    of->items[more].accepted = result == 0;
}

void spend(struct side *side, uint64_t index)
{
    bool late = may_be_overtaken(index);
    controller_spend(late ? cast->late.cost : cast->cost);
    if (late && cast->late.hangs) {
        event_await(&side->overtaken);
    }
}

bool item_fails(uint64_t index)
{
    return may_be_overtaken(index) ? cast->late.fails : cast->fails && index == MARKED;
}

int run(void *context, void *payload, uint64_t sequence)
{
    struct side *side = context;
    uint64_t index = *(uint64_t *)payload;
    struct item *item = &side->items[index];
    REQUIRE(index < MOST_ITEMS && item->begun == 0 && item->inputs_discarded == 0 && !item->cancelled);
    item->begun++;
    item->sequence = sequence;
    spend(side, index);
    for (unsigned i = 0; index == SLOW && i < SLICES && cast->slow != 0; i++) {
        controller_spend(cast->slow / SLICES);
        sched_yield();
    }
    if (index == MARKED) {
        act_inside_item(side);
        if (cast->asks_inside && side == sides) {
            ask_for_one_more(side);
        }
    }
    item->ended++;
    item->ended_behind_abort = side->aborted;
    item->failed = item_fails(index);
    return item->failed ? FAILURE : 0;
}

void discard(void *context, void *payload, enum oip_payload_state state)
{
    struct side *side = context;
    uint64_t index = *(uint64_t *)payload;
    REQUIRE(side->released == 0);
    if (state == OIP_PAYLOAD_OUTPUT && is_substitute(index)) {
        discard_substitute(side, index);
        return;
    }
    REQUIRE(index < MOST_ITEMS);
    struct item *item = &side->items[index];
    if (state == OIP_PAYLOAD_INPUT) {
        REQUIRE(item->begun == 0 && item->inputs_discarded == 0 && !item->cancelled);
        item->inputs_discarded++;
    } else {
        REQUIRE(item->ended == 1 && item->delivered == 0 && item->outputs_discarded == 0);
        item->outputs_discarded++;
    }
}

void release(void *context)
{
    struct side *side = context;
    REQUIRE(side->released++ == 0);
    check_settled(side);
}

void deliver(struct side *side, uint64_t index, uint64_t sequence)
{
    /* What is left out before this can only be a failure, or what was overtaken. */
    bool leaves_out = (something_fails() && cast->policy == OIP_SKIP) || cast->late.instead == OIP_LEAVE_OUT;
    REQUIRE(!side->paused);
    REQUIRE(sequence == side->next_sequence || (sequence == side->next_sequence + 1 && leaves_out));
    side->next_sequence = sequence + 1;
    side->delivered++;
    if (is_substitute(index)) {
        deliver_substitute(side, index, sequence);
    } else {
        REQUIRE(index < MOST_ITEMS);
        struct item *item = &side->items[index];
        REQUIRE(item->ended == 1 && !item->failed && item->delivered == 0 && item->outputs_discarded == 0);
        REQUIRE(!item->ended_behind_abort && item->sequence == sequence);
        item->delivered++;
    }
    act_inside_consumer(side);
}

bool something_fails(void)
{
    return cast->fails || cast->late.fails || (cast->late.instead != 0 && cast->late.instead != OIP_LEAVE_OUT);
}

bool ends_whole(void)
{
    bool ends_in_order = cast->ending == STOP || cast->ending == STOP_ASYNC || cast->ending == STOP_TWICE;
    bool acts_harmlessly = cast->act != ABORT && cast->act != ABORT_INSIDE && cast->act != ABORT_CANCEL;
    return ends_in_order && acts_harmlessly && cast->act != LEAVE && cast->consumer != NOBODY;
}

bool all_are_delivered(void)
{
    return ends_whole() && !something_fails();
}

void check_settled(const struct side *side)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < MOST_ITEMS; i++) {
        const struct item *item = &side->items[i];
        unsigned gone = item->delivered + item->outputs_discarded + item->failed;
        if (may_be_overtaken(i)) {
            /* It may still run, or be on its way out, as long as the context is not released. */
            REQUIRE(side->released == 0 || (item->ended == item->begun && gone == item->begun));
            REQUIRE(item->overtaking.arguments == 1 || item->begun == 0);
            continue;
        }
        REQUIRE(item->ended == item->begun && gone <= item->begun);
        REQUIRE(!all_are_delivered() || item->delivered == item->begun);
        taken += item->begun - gone;
    }
    /* A loop that an ending at once overtakes may have been given an item that it has not written down yet. */
    REQUIRE(taken <= (side->consumer == LOOP && !all_are_delivered()));
    REQUIRE(side->consumer != THREAD || side->consumed);
}

void check_counts(const struct side *side)
{
    struct oip_statistics counts = {.size = sizeof counts};
    REQUIRE(oip_get_statistics(side->producer, &counts) == 0);
    unsigned accepted = 0, failed = 0, overtaken = 0;
    for (unsigned i = 0; i < MOST_ITEMS; i++) {
        accepted += side->items[i].accepted;
        failed += failures_of(&side->items[i]);
        overtaken += side->items[i].overtaking.substitutes;
    }
    REQUIRE(counts.requested == accepted && counts.delivered == side->delivered && counts.failed == failed);
    REQUIRE(counts.discarded == accepted - side->delivered - failed);
    REQUIRE(counts.overtaken == overtaken && counts.late <= 1);
    REQUIRE(counts.outstanding == 0 && counts.running == 0 && counts.finished_waiting == 0);
    uint64_t sequence = UINT64_MAX;
    int code = 0;
    if (something_fails() && cast->policy != OIP_SKIP && cast->act == NONE && failed != 0) {
        const struct item *failing = &side->items[cast->fails ? MARKED : LATE];
        REQUIRE(oip_failure(side->producer, &sequence, &code) == 1);
        REQUIRE(code == (failing->overtaking.substitutes != 0 ? cast->late.instead : FAILURE));
        REQUIRE(sequence == failing->sequence);
    } else if (!something_fails() && cast->act != LEAVE) {
        REQUIRE(oip_failure(side->producer, &sequence, &code) == 0);
    }
}

static void check_item(const struct side *side, uint64_t index)
{
    const struct item *item = &side->items[index];
    REQUIRE(item->ended == item->begun && item->delivered + item->outputs_discarded + item->failed == item->begun);
    REQUIRE(!item->cancelled || (item->told == 0 && !item->accepted));
    REQUIRE(!item->waits || item->cancelled || item->told == 1);
    if (!item->accepted) {
        REQUIRE(item->delivered == 0 && item->begun == 0 && item->inputs_discarded == 0);
        return;
    }
    REQUIRE(item->begun + item->inputs_discarded == 1 && (!is_reserved(index) || item->begun == 1));
    REQUIRE(!all_are_delivered() || item->delivered == 1 || item->overtaking.substitutes == 1);
}

void plays_check(void)
{
    for (unsigned s = 0; s < side_count; s++) {
        const struct side *side = &sides[s];
        REQUIRE(side->released == 1);
        for (unsigned i = 0; i < MOST_ITEMS; i++) {
            check_item(side, i);
            check_overtaking(side, i);
        }
        for (unsigned caller = 0; caller < cast->callers; caller++) {
            uint64_t next = 0; /* each caller's items have sequences in the order in which it asked */
            for (unsigned i = 0; i < cast->items; i++) {
                const struct item *item = &side->items[caller * cast->items + i];
                if (item->accepted && item->sequence != UINT64_MAX) {
                    REQUIRE(item->sequence >= next);
                    next = item->sequence + 1;
                }
            }
        }
        if (cast->fails && cast->policy == OIP_SKIP) {
            REQUIRE(side->delivered == cast->callers * cast->items - 1);
        }
    }
}
