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

int run(void *context, void *payload, uint64_t sequence)
{
    struct side *side = context;
    uint64_t index = *(uint64_t *)payload;
    struct item *item = &side->items[index];
    REQUIRE(index < MOST_ITEMS && item->begun == 0 && item->inputs_discarded == 0 && !item->cancelled);
    item->begun++;
    item->sequence = sequence;
    controller_spend(cast->cost);
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
    item->failed = cast->fails && index == MARKED;
    return item->failed ? FAILURE : 0;
}

void discard(void *context, void *payload, enum oip_payload_state state)
{
    struct side *side = context;
    uint64_t index = *(uint64_t *)payload;
    REQUIRE(index < MOST_ITEMS && side->released == 0);
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
    REQUIRE(index < MOST_ITEMS);
    struct item *item = &side->items[index];
    REQUIRE(item->ended == 1 && !item->failed && item->delivered == 0 && item->outputs_discarded == 0);
    REQUIRE(!item->ended_behind_abort && !side->paused && item->sequence == sequence);
    /* What is left out before this can only be a failure. */
    REQUIRE(sequence == side->next_sequence ||
            (sequence == side->next_sequence + 1 && cast->fails && cast->policy == OIP_SKIP));
    side->next_sequence = sequence + 1;
    item->delivered++;
    side->delivered++;
    act_inside_consumer(side);
}

bool all_are_delivered(void)
{
    bool ends_in_order = cast->ending == STOP || cast->ending == STOP_ASYNC || cast->ending == STOP_TWICE;
    bool acts_harmlessly = cast->act != ABORT && cast->act != ABORT_INSIDE && cast->act != ABORT_CANCEL;
    return !cast->fails && ends_in_order && acts_harmlessly && cast->act != LEAVE && cast->consumer != NOBODY;
}

void check_settled(const struct side *side)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < MOST_ITEMS; i++) {
        const struct item *item = &side->items[i];
        unsigned gone = item->delivered + item->outputs_discarded + item->failed;
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
    unsigned accepted = 0, failed = 0;
    for (unsigned i = 0; i < MOST_ITEMS; i++) {
        accepted += side->items[i].accepted;
        failed += side->items[i].failed;
    }
    REQUIRE(counts.requested == accepted && counts.delivered == side->delivered && counts.failed == failed);
    REQUIRE(counts.discarded == accepted - side->delivered - failed);
    REQUIRE(counts.outstanding == 0 && counts.running == 0 && counts.finished_waiting == 0);
    uint64_t sequence = UINT64_MAX;
    int code = 0;
    if (cast->fails && cast->policy != OIP_SKIP && cast->act == NONE && failed != 0) {
        REQUIRE(oip_failure(side->producer, &sequence, &code) == 1);
        REQUIRE(code == FAILURE && sequence == side->items[MARKED].sequence);
    } else if (!cast->fails && cast->act != LEAVE) {
        REQUIRE(oip_failure(side->producer, &sequence, &code) == 0);
    }
}

static void check_item(const struct item *item)
{
    REQUIRE(item->ended == item->begun && item->delivered + item->outputs_discarded + item->failed == item->begun);
    REQUIRE(!item->cancelled || (item->told == 0 && !item->accepted));
    REQUIRE(!item->waits || item->cancelled || item->told == 1);
    if (!item->accepted) {
        REQUIRE(item->delivered == 0 && item->begun == 0 && item->inputs_discarded == 0);
        return;
    }
    bool reserved = cast->way == ELSEWHERE || cast->way == HANDED_OVER || cast->way == RESERVED_BY_CALLBACK;
    REQUIRE(item->begun + item->inputs_discarded == 1 && (!reserved || item->begun == 1));
    REQUIRE(!all_are_delivered() || item->delivered == 1);
}

void plays_check(void)
{
    for (unsigned s = 0; s < side_count; s++) {
        const struct side *side = &sides[s];
        REQUIRE(side->released == 1);
        for (unsigned i = 0; i < MOST_ITEMS; i++) {
            check_item(&side->items[i]);
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
