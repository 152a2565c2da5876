/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

enum { SOME_YIELDS = 4 };

static void let_others_run(void)
{
    for (int i = 0; i < SOME_YIELDS; i++) {
        sched_yield();
    }
}

/* Of what was on its way when the pause began there is one item at most. */
static void pause_and_resume(struct side *side)
{
    oip_pause(side->producer);
    unsigned before = side->delivered;
    let_others_run();
    REQUIRE(side->delivered <= before + 1);
    if (cast->act == PAUSE) {
        oip_resume(side->producer);
    }
}

static void resize(unsigned threads)
{
    REQUIRE(oip_pool_resize(pool, threads) == 0);
    REQUIRE(oip_pool_threads(pool) == threads);
}

static void abort_it(struct side *side)
{
    oip_stop_producing(side->producer);
    side->aborted = true;
}

static void cancel(struct side *side)
{
    struct item *item = &side->items[cast->cancels];
    for (int i = 0; i < SOME_YIELDS * 4 && !item->waits; i++) {
        sched_yield();
    }
    if (!item->waits) {
        return; /* it was let in at once, or is not asked for yet */
    }
    int result = oip_cancel(side->producer, &item->waiter);
    REQUIRE(result == 0 || result == -EALREADY);
    REQUIRE(result != 0 || item->told == 0);
    if (result == 0) {
        item->cancelled = true;
        memset(&item->waiter, 0xA5, sizeof item->waiter);
        item->payload = UINT64_MAX;
    }
}

static void told_end(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)sequence;
    struct side *side = waiter->context;
    REQUIRE(result == 0);
    check_settled(side);
    memset(waiter, 0xA5, sizeof *waiter);
    event_happens(&side->ended);
}

int stop_async(struct side *side, struct oip_waiter *waiter)
{
    *waiter = (struct oip_waiter){.done = told_end, .context = side};
    int result = oip_stop_async(side->producer, waiter);
    REQUIRE(result == 0 || result == -EINPROGRESS);
    if (result == 0) {
        check_settled(side);
    }
    return result;
}

void *stop_beside(void *argument)
{
    struct side *side = argument;
    struct oip_waiter waiter;
    if (stop_async(side, &waiter) == -EINPROGRESS) {
        event_await(&side->ended);
    }
    return NULL;
}

static void act_once(struct side *side)
{
    switch (cast->act) {
    case PAUSE:
    case PAUSE_FOR_GOOD:
        pause_and_resume(side);
        break;
    case PAUSE_INSIDE:
        event_take(&side->was_paused);
        let_others_run();
        side->paused = false;
        oip_resume(side->producer);
        break;
    case ABORT:
        abort_it(side);
        break;
    case GROW:
        resize(cast->workers + 1);
        break;
    case SHRINK:
        resize(cast->workers - 1);
        break;
    case RESIZE:
        resize(cast->workers - 1);
        let_others_run();
        resize(cast->workers);
        break;
    case ABORT_CANCEL:
        abort_it(side);
        cancel(side);
        break;
    case CANCEL:
        cancel(side);
        break;
    case STOP_BESIDE:
        stop_beside(side);
        break;
    case SHUT_DOWN:
        REQUIRE(oip_pool_shutdown(pool) == 0);
        break;
    default:
        break;
    }
}

void *act(void *unused)
{
    (void)unused;
    if (cast->late.due != 0) {
        controller_spend(cast->late.due); /* about then */
    }
    for (unsigned i = 0; i == 0 || i < cast->times; i++) {
        act_once(&sides[0]);
    }
    return NULL;
}

static void try_to_stop(struct side *side)
{
    REQUIRE(oip_stop(side->producer, NULL) == -EDEADLK);
}

void act_inside_item(struct side *side)
{
    if (cast->act == ABORT_INSIDE) {
        abort_it(side);
    } else if (cast->act == SHRINK_INSIDE) {
        resize(cast->workers - 1);
    } else if (cast->act == STOP_INSIDE) {
        try_to_stop(side);
    }
}

void act_inside_consumer(struct side *side)
{
    if (cast->act == STOP_INSIDE && side->consumer != LOOP) {
        try_to_stop(side);
    } else if (cast->act == PAUSE_INSIDE && side->delivered == 1) {
        oip_pause(side->producer);
        side->paused = true;
        event_happens(&side->was_paused);
    }
}
