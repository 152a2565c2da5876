/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_FAILS = 500 };

static void never_told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)waiter, (void)result, (void)sequence;
    EXPECT(!"a wait that was refused is told");
}

/* Every call that would wait for its own caller. */
static void try_to_wait_for_itself(struct lane *lane)
{
    struct oip_waiter waiter = {.done = never_told};
    int result = oip_stop(lane->producer, NULL);
    if (result == 0) { /* an item that was overtaken is here yet when production has ended */
        EXPECT(lane->account.deadlines && oip_stop_async(lane->producer, &waiter) == 0);
        return;
    }
    EXPECT(result == -EDEADLK);
    EXPECT(oip_error_detail()[0] != '\0');
}

static void change_pool(struct lane *lane, uint32_t threads)
{
    if (!atomic_load(&lane->pool->handle_is_back)) {
        int result = oip_pool_resize(lane->pool->pool, threads);
        EXPECT(result == 0 || result == -ESHUTDOWN);
    }
}

static void look(struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    EXPECT(oip_get_statistics(lane->producer, &statistics) == 0);
    EXPECT(statistics.outstanding <= lane->account.window);
    uint64_t sequence = 0;
    int code = 0;
    EXPECT(oip_failure(lane->producer, &sequence, &code) == 0 || code != 0);
}

static void ask_inside(struct lane *lane, enum way way)
{
    int result = lane_ask(lane, way, ASKER_INSIDE, 2, 0, false);
    EXPECT(result == 0 || result == -EAGAIN || result == -EPIPE || result == -ESHUTDOWN || result == -EDEADLK);
}

static void act(struct lane *lane, unsigned char act, struct item *item)
{
    switch (act) {
    case 6:
        sched_yield();
        break;
    case 7:
        for (volatile int i = 0; i < 4000; i++) {
        }
        break;
    case 8:
        try_to_wait_for_itself(lane);
        break;
    case 9:
        ask_inside(lane, WAY_TRY);
        break;
    case 10:
        ask_inside(lane, lane->nests ? WAY_PRODUCE : WAY_TRY_MANY);
        break;
    case 11:
        if (lane->inside_pauses) {
            oip_pause(lane->producer);
            oip_resume(lane->producer);
        }
        break;
    case 12:
        change_pool(lane, 1 + item->mood % 3u);
        break;
    case 13:
        look(lane);
        break;
    case 14:
        if (!atomic_load(&lane->pool->handle_is_back)) {
            EXPECT(oip_pool_shutdown(lane->pool->pool) == -EDEADLK);
        }
        break;
    case 15:
        if (lane->inside_may_end) {
            atomic_store(&lane->account.abrupt, true);
            oip_stop_producing(lane->producer);
        }
        break;
    default:
        break;
    }
}

void lane_on_delivery(struct lane *lane, struct item *item, enum consumer consumer)
{
    unsigned char what = item->mood >> 4;
    bool known = consumer == CONSUMER_IN_THREAD || consumer == CONSUMER_IN_SINK;
    bool drives = consumer == CONSUMER_IN_LOOP || consumer == CONSUMER_IN_DRIVER;
    if ((what == 8 && drives) || (what == 14 && !known) || (what == 10 && drives)) {
        return; /* the library does not know this thread as a consumer */
    }
    act(lane, what, item);
}

int lane_run(void *argument, struct item *item)
{
    struct lane *lane = argument;
    EXPECT(atomic_load(&lane->account.releases) == 0);
    EXPECT(atomic_fetch_add(&item->runs, 1) == 0 && atomic_load(&item->fate) == FATE_OPEN);
    act(lane, item->mood & 15, item);
    if (!item->fails) {
        return 0;
    }
    if (lane->account.policy == OIP_FAIL_FAST) {
        atomic_store(&lane->account.abrupt, true);
    }
    if (!lane->account.deadlines) {
        account_failed(&lane->account, item); /* otherwise that is told, as it may be late */
    }
    return ITEM_FAILS;
}

static int run(void *context, void *payload, uint64_t sequence)
{
    struct lane *lane = context;
    struct account *account = &lane->account;
    EXPECT((uintptr_t)payload % account->payload_align == 0);
    struct item *item = account_read_input(account, payload);
    unsigned long long before = atomic_exchange(&item->sequence, sequence);
    EXPECT(before == UINT64_MAX || before == sequence);
    int code = lane_run(lane, item);
    if (code == 0) {
        account_write_output(account, item, payload);
    }
    return code;
}

static void discard(void *context, void *payload, enum oip_payload_state state)
{
    struct lane *lane = context;
    account_discarded(&lane->account, payload, state);
}

static void release(void *context)
{
    struct lane *lane = context;
    EXPECT(atomic_fetch_add(&lane->account.releases, 1) == 0);
}

bool lane_create(struct lane *lane, struct pool *pool, const unsigned char choices[8])
{
    static const size_t sizes[] = {8, 12, 16, 24, 40, 64, 96, 200};
    static const size_t alignments[] = {0, 1, 2, 8, 16, 64, 128, 4096};
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = 1 + choices[0] % 8;
    options.width = choices[1] % 4;
    options.on_failure = (enum oip_failure_policy)(choices[2] % 3);
    options.wait = (enum oip_wait_strategy)(choices[2] / 3 % 3);
    options.no_assist = choices[2] / 9 % 2;
    options.name = choices[3] % 2 != 0 ? "a name that is longer than a thread's may be" : NULL;
    if (choices[3] % 4 != 0) {
        options.run = run;
        options.payload_size = sizes[choices[4] % 8];
        options.payload_align = alignments[choices[4] / 8 % 8];
    }
    options.discard = discard;
    options.release = release;
    options.context = lane;
    if (choices[3] >= 0xc0) {
        lane_allow_deadlines(&options);
    }
    if (choices[3] / 32 % 2 != 0) {
        lane_observe(&options, lane);
    }
    memset((char *)lane + sizeof lane->account, 0, sizeof *lane - sizeof lane->account);
    account_init(&lane->account, &options);
    lane->account.lane = lane;
    lane->pool = pool;
    lane->nests = choices[5] % 4 == 0;
    lane->inside_may_end = choices[5] / 4 % 2;
    lane->inside_pauses = choices[5] / 8 % 2;
    lane->ends_in_order = choices[5] / 16 % 4 != 0;
    int result = oip_producer_create(&lane->producer, pool->pool, &options);
    EXPECT(result == (pool->refuses ? -ESHUTDOWN : 0) || (pool->refuses && result == 0));
    lane->exists = result == 0;
    if (lane->exists) {
        EXPECT(oip_producer_context(lane->producer) == lane);
        if (lane->nests) {
            static const enum consumer independent[] = {CONSUMER_IN_THREAD, CONSUMER_IN_SINK, CONSUMER_IN_OTHER_THREAD};
            lane_attach(lane, independent[choices[6] % 3], NULL, choices[7] < 200 ? ITEMS_MOST : choices[7] - 200u);
        }
    }
    return lane->exists;
}

bool lane_may_block(const struct lane *lane)
{
    return (lane->consumer == CONSUMER_IN_THREAD || lane->consumer == CONSUMER_IN_SINK ||
            lane->consumer == CONSUMER_IN_OTHER_THREAD) &&
           !lane->paused;
}

bool lane_has_ended(const struct lane *lane, int result)
{
    if (result != -EPIPE && result != -ESHUTDOWN) {
        return false;
    }
    bool failed = atomic_load(&lane->account.failed) != 0 && lane->account.policy != OIP_SKIP;
    EXPECT(failed || lane->stopping || atomic_load(&lane->account.abrupt) || lane->pool->refuses);
    return true;
}
