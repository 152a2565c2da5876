/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

bool is_reserved(uint64_t index)
{
    return cast->way == ELSEWHERE || cast->way == HANDED_OVER || cast->way == RESERVED_BY_CALLBACK ||
           (cast->way == ALTERNATING && index % 2 != 0);
}

/* A reserved item is made by whoever this is. */
static void finish(struct side *side, uint64_t index)
{
    struct item *item = &side->items[index];
    item->begun = 1;
    spend(side, index);
    item->ended = 1;
    item->ended_behind_abort = side->aborted;
    item->failed = item_fails(index);
    if (item->failed && may_be_overtaken(index)) {
        oip_fail_with(side->producer, item->sequence, FAILURE, &index);
    } else if (item->failed) {
        oip_fail(side->producer, item->sequence, FAILURE);
    } else {
        oip_complete(side->producer, item->sequence, &index);
    }
}

static void told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    struct item *item = (struct item *)(void *)((char *)waiter - offsetof(struct item, waiter));
    struct side *side = waiter->context;
    REQUIRE(item->told == 0 && !item->cancelled);
    REQUIRE(result == 0 || result == -EPIPE || (result == -ESHUTDOWN && cast->act == SHUT_DOWN));
    item->told = 1;
    item->accepted = result == 0;
    memset(waiter, 0xA5, sizeof *waiter); /* nobody looks at it from here on */
    memset(&item->request, 0xA5, sizeof item->request);
    item->payload = UINT64_MAX;
    if (result == 0) {
        item->sequence = sequence;
        if (cast->way == RESERVED_BY_CALLBACK) {
            finish(side, (uint64_t)(item - side->items));
        }
    }
}

static void hand_over(struct side *side, uint64_t index)
{
    pthread_mutex_lock(&side->changed.lock);
    side->handed.indices[side->handed.count++] = index;
    pthread_mutex_unlock(&side->changed.lock);
    event_happens(&side->changed);
}

void *complete(void *argument)
{
    struct side *side = argument;
    for (;;) {
        pthread_mutex_lock(&side->changed.lock);
        bool more = side->handed.taken < side->handed.count;
        bool last = !more && side->handed.closed;
        uint64_t index = more ? side->handed.indices[side->handed.taken++] : 0;
        pthread_mutex_unlock(&side->changed.lock);
        if (last) {
            return NULL;
        } else if (more) {
            finish(side, index);
        } else {
            event_take(&side->changed);
        }
    }
}

static int ask_without_deadlines(struct side *side, uint64_t index)
{
    struct item *item = &side->items[index];
    switch (cast->way) {
    case WITH_CALLBACK:
        return oip_produce_async(side->producer, &item->payload, &item->sequence, &item->waiter);
    case RESERVED_BY_CALLBACK:
        return oip_reserve_async(side->producer, &item->sequence, &item->waiter);
    default:
        return is_reserved(index) ? oip_reserve(side->producer, &item->sequence)
                                  : oip_produce(side->producer, &index, &item->sequence);
    }
}

static void ask(struct side *side, uint64_t index)
{
    struct item *item = &side->items[index];
    item->waiter = (struct oip_waiter){.done = told, .context = side};
    item->payload = index;
    int result = cast->late.due != 0 ? request(side, index) : ask_without_deadlines(side, index);
    if (result == -EINPROGRESS) {
        REQUIRE(cast->way == WITH_CALLBACK || cast->way == RESERVED_BY_CALLBACK);
        item->waits = true;
        return;
    }
    REQUIRE(result == 0 || result == -EPIPE || (result == -ESHUTDOWN && cast->act == SHUT_DOWN));
    REQUIRE(item->told == 0);
    item->accepted = result == 0;
    if (result == 0 && cast->way == HANDED_OVER) {
        hand_over(side, index);
    } else if (result == 0 && is_reserved(index)) {
        finish(side, index);
    }
}

static void ask_at_once(struct side *side, unsigned first)
{
    uint64_t indices[MOST_ITEMS];
    size_t accepted;
    for (unsigned i = 0; i < cast->items; i++) {
        indices[i] = first + i;
    }
    int result = oip_produce_many(side->producer, indices, cast->items, &accepted);
    REQUIRE(result == -EPIPE || (result == -ESHUTDOWN && cast->act == SHUT_DOWN) ||
            (result == 0 && accepted == cast->items));
    for (unsigned i = 0; i < accepted; i++) {
        side->items[first + i].accepted = true;
    }
}

/* The others do what they have to, and then nothing happens for a while. */
static void linger(void)
{
    for (int i = 0; i < 40; i++) {
        sched_yield();
    }
    controller_spend(cast->gap);
}

void ask_first(void)
{
    for (unsigned s = 0; s < side_count; s++) {
        ask(&sides[s], 0);
    }
}

void *call(void *argument)
{
    unsigned first = (unsigned)(uintptr_t)argument * cast->items;
    for (unsigned i = cast->asks_first && first == 0; i < cast->items; i++) {
        if (cast->gap != 0) {
            linger();
        }
        for (unsigned s = 0; s < side_count; s++) {
            if (cast->way != AT_ONCE) {
                ask(&sides[s], first + i);
            } else if (i == 0) {
                ask_at_once(&sides[s], first);
            }
        }
    }
    return NULL;
}
