/* SPDX-License-Identifier: Apache-2.0 */
/* Items that may be overtaken, and an observer that counts. */
#include "lane.h"

enum { SUBSTITUTE_FAILS = 700 };

#define AN_HOUR 3600000000000u

static enum fate fate_instead(const struct item *item)
{
    return item->mood % 8 == 3 ? FATE_FAILED : item->mood % 8 == 5 ? FATE_LEFT_OUT : FATE_DELIVERED;
}

bool lane_has_value_instead(const struct item *item)
{
    return !item->has_argument || fate_instead(item) == FATE_DELIVERED;
}

static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    struct lane *lane = context;
    struct item *item = argument;
    EXPECT(item != NULL && item->account == &lane->account && item->has_argument);
    EXPECT(atomic_fetch_add(&item->arguments, 1) == 0);
    enum fate fate = fate_instead(item);
    if (fate == FATE_FAILED && lane->account.policy == OIP_FAIL_FAST) {
        atomic_store(&lane->account.abrupt, true);
    }
    account_overtaken(&lane->account, item, sequence, fate, payload);
    return fate == FATE_FAILED ? SUBSTITUTE_FAILS : fate == FATE_LEFT_OUT ? OIP_LEAVE_OUT : 0;
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    struct lane *lane = context;
    struct item *item = account_read_input(&lane->account, payload);
    EXPECT(item->fails && code != 0);
    EXPECT(atomic_load(&item->sequence) == sequence || atomic_load(&item->sequence) == UINT64_MAX);
    if (late) {
        account_failed_late(&lane->account, item);
    } else {
        account_failed(&lane->account, item);
    }
}

static void release_argument(void *context, void *argument)
{
    struct lane *lane = context;
    struct item *item = argument;
    EXPECT(item->account == &lane->account && atomic_fetch_add(&item->arguments, 1) == 0);
}

void lane_allow_deadlines(struct oip_producer_options *options)
{
    options->deadlines = true;
    options->deadline_ns = AN_HOUR;
    options->substitute = substitute;
    options->failed = failed;
    options->release_argument = release_argument;
}

struct oip_request lane_request(struct item *item, const void *payload, unsigned how_soon)
{
    static const uint64_t deadlines[] = {0, 1, 1, 5000, 50000, AN_HOUR, OIP_NO_DEADLINE, 1};
    item->has_argument = true;
    struct oip_request request = OIP_REQUEST_INIT;
    request.payload = payload;
    request.deadline_ns = deadlines[how_soon % 8];
    request.argument = item;
    return request;
}

static void observe(void *context, const struct oip_event *event)
{
    struct lane *lane = context;
    EXPECT(event->kind <= OIP_OVERTAKEN && event->time != 0);
    atomic_fetch_add(&lane->account.events[event->kind], 1);
}

void lane_observe(struct oip_producer_options *options, struct lane *lane)
{
    options->observe = observe;
    options->observe_context = lane;
}
