/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_FAILS_ELSEWHERE = 600 };

static void *buffer_of(const struct account *account, unsigned count)
{
    /* Of its exact size, so that the sanitizer sees a byte too much. */
    void *buffer = malloc(account_stride(account) * (count - 1) + account->payload_size);
    EXPECT(buffer != NULL);
    return buffer;
}

/* ---------------------------------------------------------------------------------- items that finish elsewhere ----
 */

static void finish(struct lane *lane, struct item *item)
{
    struct account *account = &lane->account;
    uint64_t sequence = atomic_load(&item->sequence);
    if (item->fails) {
        if (account->policy == OIP_FAIL_FAST) {
            atomic_store(&account->abrupt, true);
        }
        if (account->deadlines) { /* it is told, as it may be late */
            void *payload = buffer_of(account, 1);
            account_write_input(account, item, payload);
            oip_fail_with(lane->producer, sequence, ITEM_FAILS_ELSEWHERE, payload);
            free(payload);
            return;
        }
        account_failed(account, item);
        oip_fail(lane->producer, sequence, ITEM_FAILS_ELSEWHERE);
    } else {
        void *payload = buffer_of(account, 1);
        account_write_output(account, item, payload);
        oip_complete(lane->producer, sequence, payload);
        free(payload);
    }
}

static void finish_on_pool(void *argument)
{
    struct item *item = argument;
    finish(item->account->lane, item);
}

/* A wait for an item that finishes elsewhere is over, and the item is the driver's now. */
static void harvest(struct lane *lane, struct wait *wait)
{
    if (wait->item != NULL && wait->item->reserved && atomic_load(&wait->told) == 1 && !wait->harvested) {
        wait->harvested = true;
        if (wait->result == 0) {
            lane->reserved[lane->reserved_count++] = wait->item;
        }
    }
}

void lane_finish_reserved(struct lane *lane, unsigned which, bool on_pool)
{
    for (unsigned i = 0; i < lane->waits_count; i++) {
        harvest(lane, &lane->waits[i]);
    }
    if (lane->reserved_count == 0) {
        return;
    }
    unsigned at = which % lane->reserved_count;
    struct item *item = lane->reserved[at];
    lane->reserved[at] = lane->reserved[--lane->reserved_count];
    if (!on_pool || atomic_load(&lane->pool->handle_is_back) ||
        oip_pool_run(lane->pool->pool, finish_on_pool, item) != 0) {
        finish(lane, item);
    }
}

void lane_finish_all_reserved(struct lane *lane)
{
    for (unsigned i = 0; i < lane->waits_count; i++) {
        struct wait *wait = &lane->waits[i];
        if (wait->item != NULL && wait->item->reserved && !wait->cancelled) {
            if (lane->handle_is_back) {
                WAIT_UNTIL(atomic_load(&wait->told) == 1); /* that the handle is back has ended it */
            } else {
                lane_cancel(lane, i);
            }
            harvest(lane, wait);
        }
    }
    while (lane->reserved_count != 0) {
        lane_finish_reserved(lane, lane->reserved_count - 1, false);
    }
}

/* ----------------------------------------------------------------------------------------------------- one call ----
 */

static int ask_many(struct lane *lane, bool waits, unsigned asker, unsigned count, unsigned char mood, bool fails)
{
    struct account *account = &lane->account;
    struct item *items = account_take(account, count, asker, mood, fails && !account->takes_calls);
    if (items == NULL) {
        return -EAGAIN;
    }
    char *payloads = buffer_of(account, count);
    for (unsigned i = 0; i < count; i++) {
        account_write_input(account, &items[i], payloads + i * account_stride(account));
    }
    size_t accepted = SIZE_MAX;
    int result = waits ? oip_produce_many(lane->producer, payloads, count, &accepted)
                       : oip_try_produce_many(lane->producer, payloads, count, &accepted);
    EXPECT(accepted <= count && (!waits || result != 0 || accepted == count));
    EXPECT(waits || (result == 0) == (accepted > 0));
    for (size_t i = 0; i < accepted; i++) {
        account_accepted(account, &items[i], UINT64_MAX);
    }
    free(payloads);
    return result;
}

static int ask_one_in_time(struct lane *lane, enum way way, struct item *item, unsigned how_soon)
{
    struct account *account = &lane->account;
    item->reserved = way == WAY_RESERVE || way == WAY_TRY_RESERVE;
    void *payload = buffer_of(account, 1);
    account_write_input(account, item, payload);
    struct oip_request request = lane_request(item, item->reserved ? NULL : payload, how_soon);
    request.nowait = way == WAY_TRY || way == WAY_TRY_RESERVE;
    uint64_t sequence = UINT64_MAX;
    int result = oip_request(lane->producer, &request, &sequence);
    free(payload);
    if (result == 0) {
        account_accepted(account, item, sequence);
    }
    return result;
}

static int ask_one(struct lane *lane, enum way way, struct item *item)
{
    struct account *account = &lane->account;
    uint64_t sequence = UINT64_MAX;
    int result;
    if (way == WAY_RESERVE || way == WAY_TRY_RESERVE) {
        item->reserved = true;
        result =
            way == WAY_RESERVE ? oip_reserve(lane->producer, &sequence) : oip_try_reserve(lane->producer, &sequence);
    } else {
        void *payload = buffer_of(account, 1);
        account_write_input(account, item, payload);
        if (way == WAY_CALL && account->takes_calls) {
            struct oip_call *call = payload;
            result = oip_produce_call(lane->producer, call->function, call->argument, &sequence);
        } else {
            result = way == WAY_TRY ? oip_try_produce(lane->producer, payload, &sequence)
                                    : oip_produce(lane->producer, payload, &sequence);
        }
        free(payload);
    }
    EXPECT((result == 0) == (sequence != UINT64_MAX) || way == WAY_TRY_RESERVE || way == WAY_RESERVE);
    if (result == 0) {
        account_accepted(account, item, sequence);
    }
    return result;
}

int lane_ask(struct lane *lane, enum way way, unsigned asker, unsigned count, unsigned char mood, bool fails)
{
    if (way == WAY_MANY || way == WAY_TRY_MANY) {
        return ask_many(lane, way == WAY_MANY, asker, count, mood, fails);
    }
    struct item *item = account_take(&lane->account, 1, asker, mood, fails);
    if (item == NULL) {
        return -EAGAIN;
    }
    int result =
        lane->account.deadlines && way != WAY_CALL ? ask_one_in_time(lane, way, item, count) : ask_one(lane, way, item);
    if (result == 0 && item->reserved) {
        if (asker == ASKER_DRIVER && !lane->nests) {
            lane->reserved[lane->reserved_count++] = item;
        } else {
            finish(lane, item);
        }
    }
    return result;
}

/* --------------------------------------------------------------------------------------------- registered waits ----
 */

static void told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    struct wait *wait = waiter->context;
    EXPECT(waiter == &wait->waiter && !wait->cancelled);
    EXPECT(result == 0 || ((result == -EPIPE || result == -ESHUTDOWN) && wait->item != NULL));
    wait->result = result;
    if (result == 0 && wait->item != NULL) {
        account_accepted(&wait->lane->account, wait->item, sequence);
    }
    EXPECT(atomic_fetch_add(&wait->told, 1) == 0);
}

struct wait *lane_new_wait(struct lane *lane)
{
    if (lane->waits_count == WAITS_MOST) {
        return NULL;
    }
    struct wait *wait = &lane->waits[lane->waits_count++];
    wait->waiter.done = told;
    wait->waiter.context = wait;
    wait->lane = lane;
    return wait;
}

void lane_ask_async(struct lane *lane, bool reserves, unsigned char mood, bool fails)
{
    struct account *account = &lane->account;
    if (lane->waits_count == WAITS_MOST || lane->nests) {
        return;
    }
    struct item *item = account_take(account, 1, ASKER_DRIVER, mood, fails);
    if (item == NULL) {
        return;
    }
    item->reserved = reserves;
    struct wait *wait = lane_new_wait(lane);
    wait->item = item;
    wait->payload = buffer_of(account, 1);
    account_write_input(account, item, wait->payload);
    uint64_t sequence = UINT64_MAX;
    int result;
    if (account->deadlines) {
        wait->request = lane_request(item, reserves ? NULL : wait->payload, mood % 7u);
        wait->request.waiter = &wait->waiter;
        result = oip_request(lane->producer, &wait->request, &sequence);
    } else {
        result = reserves ? oip_reserve_async(lane->producer, &sequence, &wait->waiter)
                          : oip_produce_async(lane->producer, wait->payload, &sequence, &wait->waiter);
    }
    if (result == -EINPROGRESS) {
        return;
    }
    lane->waits_count--;
    free(wait->payload);
    *wait = (struct wait){.item = NULL};
    if (result != 0) {
        EXPECT(lane_has_ended(lane, result));
        return;
    }
    account_accepted(account, item, sequence);
    if (reserves) {
        lane->reserved[lane->reserved_count++] = item;
    }
}

void lane_cancel(struct lane *lane, unsigned which)
{
    if (lane->waits_count == 0) {
        return;
    }
    struct wait *wait = &lane->waits[which % lane->waits_count];
    if (wait->item == NULL || wait->cancelled) {
        return;
    }
    int result = oip_cancel(lane->producer, &wait->waiter);
    if (result == 0) {
        EXPECT(atomic_load(&wait->told) == 0);
        wait->cancelled = true;
        free(wait->payload); /* nobody reads it any more */
        wait->payload = NULL;
        memset(&wait->request, 0xa5, sizeof wait->request);
    } else {
        EXPECT(result == -EALREADY);
        WAIT_UNTIL(atomic_load(&wait->told) == 1);
    }
}
