/* SPDX-License-Identifier: Apache-2.0 */
/* What happens inside a lane's items, and to their payloads. */
#include "lane_items.h"

_Static_assert(sizeof(struct payload) == sizeof(struct oip_call), "one discard function for both");

static int run_item(struct item *item)
{
    struct lane *lane = item->lane;
    CHECK_EQUAL(atomic_fetch_add(&item->begins, 1), 0);
    int overlaps = atomic_fetch_add(&lane->overlaps, 1) + 1;
    int most = atomic_load(&lane->most_overlaps);
    while (overlaps > most && !atomic_compare_exchange_weak(&lane->most_overlaps, &most, overlaps)) {
    }
    if (item->begun != NULL) {
        sem_post(item->begun);
    }
    if (item->hold != NULL) {
        wait_for(item->hold);
    }
    if (item->inside != NULL) {
        item->inside(item);
    }
    atomic_fetch_sub(&lane->overlaps, 1);
    if (item->code != 0) {
        atomic_fetch_add(&item->failures, 1);
    }
    atomic_fetch_add(&item->ends, 1);
    return item->code;
}

int lane_run_payload(void *context, void *payload, uint64_t sequence)
{
    struct payload *at = payload;
    struct item *item = at->second;
    CHECK(context == item->lane);
    item->sequence = sequence;
    int code = run_item(item);
    at->first = item;
    at->second = NULL;
    return code;
}

int lane_run_called(void *argument, void **result)
{
    int code = run_item(argument);
    *result = argument;
    return code;
}

void lane_finish_elsewhere(void *argument)
{
    struct item *item = argument;
    int code = run_item(item);
    if (code != 0) {
        oip_fail(item->lane->producer, item->sequence, code);
    } else {
        struct payload output = {item, NULL};
        oip_complete(item->lane->producer, item->sequence, &output);
    }
}

void lane_discard_payload(void *context, void *payload, enum oip_payload_state state)
{
    struct payload *at = payload;
    struct item *item = state == OIP_PAYLOAD_INPUT ? at->second : at->first;
    CHECK(context == item->lane);
    if (state == OIP_PAYLOAD_INPUT) {
        CHECK_EQUAL(atomic_load(&item->begins), 0);
        atomic_fetch_add(&item->inputs_discarded, 1);
    } else {
        CHECK_EQUAL(atomic_load(&item->ends), 1);
        atomic_fetch_add(&item->outputs_discarded, 1);
    }
}
