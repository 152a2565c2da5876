/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <errno.h>

void *consume(oip_producer *producer, void *argument)
{
    struct side *side = argument;
    uint64_t index, sequence;
    while (oip_next(producer, &index, &sequence) == 1) {
        deliver(side, index, sequence);
        if (cast->act == LEAVE) {
            break;
        }
    }
    side->consumed = true;
    return side;
}

int sink(void *context, void *payload, uint64_t sequence)
{
    deliver(context, *(uint64_t *)payload, sequence);
    return cast->act == LEAVE ? FAILURE : 0;
}

/* Whether there may be more. */
static bool drain(struct side *side)
{
    uint64_t index, sequence;
    int taken;
    while ((taken = oip_try_next(side->producer, &index, &sequence)) == 1) {
        deliver(side, index, sequence);
        if (cast->act == LEAVE) {
            if (cast->ending != DROP) {
                oip_detach(side->producer);
            }
            return false;
        }
    }
    REQUIRE(taken == 0 || taken == -EAGAIN);
    return taken != 0;
}

void loop_notify(void *unused)
{
    (void)unused;
    event_happens(&notified);
}

static void await_queue(void)
{
    if (cast->notifies) {
        event_take(&notified);
    } else {
        REQUIRE(oip_ready_queue_wait(queue, -1) == 1);
    }
}

void *loop(void *unused)
{
    (void)unused;
    unsigned open = 0;
    bool is_open[MOST_SIDES];
    for (unsigned i = 0; i < side_count; i++) {
        is_open[i] = sides[i].consumer == LOOP && drain(&sides[i]);
        open += is_open[i];
    }
    while (open != 0) {
        void *tag;
        await_queue();
        while (oip_ready_queue_take(queue, &tag) == 1) {
            struct side *side = tag;
            REQUIRE(side >= sides && side < &sides[side_count] && side->consumer == LOOP);
            if (is_open[side - sides] && !drain(side)) {
                is_open[side - sides] = false;
                open--;
            }
        }
    }
    return NULL;
}
