/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct payload) == sizeof(struct oip_call), "one discard function for both");

const char *way_name(int way)
{
    static const char *const names[WAYS] = {"produce", "try", "many", "async", "reserve", "call"};
    return names[way];
}

const char *consumer_name(int consumer)
{
    static const char *const names[CONSUMERS] = {"thread", "attached", "sink", "loop"};
    return names[consumer];
}

const char *lane_name(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", way_name(variant / CONSUMERS), consumer_name(variant % CONSUMERS));
    return name;
}

void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
        CHECK_EQUAL(errno, EINTR);
    }
}

oip_pool *pool_of(uint32_t threads)
{
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = threads;
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, &options), 0);
    return pool;
}

void pool_end(oip_pool *pool)
{
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    oip_pool_release(pool);
}

/* ------------------------------------------------------------------------------------------------ inside items ---- */

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

static int run_payload(void *context, void *payload, uint64_t sequence)
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

static int run_called(void *argument, void **result)
{
    int code = run_item(argument);
    *result = argument;
    return code;
}

static void finish_elsewhere(void *argument)
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

static void discard_payload(void *context, void *payload, enum oip_payload_state state)
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

static void release_lane(void *context)
{
    sem_post(&((struct lane *)context)->released);
}

/* --------------------------------------------------------------------------------------------------- consumers ---- */

/* What every consumer does with an item. Not 0: it leaves. */
static int take(struct lane *lane, const void *payload, uint64_t sequence)
{
    struct item *item = ((const struct payload *)payload)->first;
    CHECK(item->lane == lane);
    CHECK_EQUAL(atomic_load(&item->ends), 1);
    CHECK_EQUAL(atomic_fetch_add(&item->deliveries, 1), 0);
    int place = atomic_load(&lane->delivered);
    CHECK(place == 0 || lane->order[place - 1] < sequence);
    lane->order[place] = sequence;
    item->sequence = sequence;
    atomic_store(&lane->delivered, place + 1);
    sem_post(&lane->arrivals);
    return lane->on_delivery != NULL ? lane->on_delivery(lane, item) : 0;
}

static void *consume(oip_producer *producer, void *argument)
{
    struct lane *lane = argument;
    struct payload payload;
    uint64_t sequence;
    int result;
    while ((result = oip_next(producer, &payload, &sequence)) == 1) {
        if (take(lane, &payload, sequence) != 0) {
            sem_post(&lane->finished);
            return lane;
        }
    }
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(oip_next(producer, &payload, NULL), 0); /* again and again */
    sem_post(&lane->finished);
    return lane;
}

static void *consume_attached(void *argument)
{
    struct lane *lane = argument;
    consume(lane->producer, lane);
    oip_detach(lane->producer);
    return NULL;
}

static void *consume_in_loop(void *argument)
{
    struct lane *lane = argument;
    for (;;) {
        struct payload payload;
        uint64_t sequence;
        int result = oip_try_next(lane->producer, &payload, &sequence);
        if (result == 1) {
            if (take(lane, &payload, sequence) != 0) {
                break;
            }
            continue;
        }
        if (result == 0) {
            CHECK_EQUAL(oip_try_next(lane->producer, &payload, NULL), 0);
            break;
        }
        CHECK_EQUAL(result, -EAGAIN);
        void *tag = NULL;
        while (oip_ready_queue_take(lane->queue, &tag) != 1) {
            CHECK_EQUAL(oip_ready_queue_wait(lane->queue, -1), 1);
        }
        CHECK(tag == lane);
    }
    oip_detach(lane->producer);
    sem_post(&lane->finished);
    return NULL;
}

bool lane_drain(struct lane *lane)
{
    struct payload payload;
    uint64_t sequence;
    int result;
    while ((result = oip_try_next(lane->producer, &payload, &sequence)) == 1) {
        take(lane, &payload, sequence);
    }
    CHECK(result == 0 || result == -EAGAIN);
    bool first = result == 0 && sem_trywait(&lane->finished) != 0;
    if (result == 0) {
        sem_post(&lane->finished);
    }
    return first;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    int code = take(context, payload, sequence);
    if (code != 0) {
        sem_post(&((struct lane *)context)->finished);
    }
    return code;
}

int lane_start(struct lane *lane)
{
    int result = 0;
    switch (lane->consumer) {
    case THREAD:
        result = oip_start(lane->producer, consume, lane);
        break;
    case ATTACHED:
        result = oip_attach(lane->producer);
        if (result == 0) {
            CHECK_EQUAL(pthread_create(&lane->thread, NULL, consume_attached, lane), 0);
        }
        break;
    case SINK:
        result = oip_start_sink(lane->producer, sink, lane);
        break;
    case LOOP:
        result = oip_attach_ready_queue(lane->producer, lane->queue, lane);
        if (result == 0) {
            CHECK_EQUAL(pthread_create(&lane->thread, NULL, consume_in_loop, lane), 0);
        }
        break;
    case CONSUMERS:
        break;
    }
    lane->started = lane->started || result == 0;
    return result;
}

/* ------------------------------------------------------------------------------------------------------ asking ---- */

struct payload lane_input(struct lane *lane, int index)
{
    struct payload payload = {NULL, &lane->items[index]};
    if (lane->way == BY_CALL) {
        struct oip_call call = {run_called, &lane->items[index]};
        memcpy(&payload, &call, sizeof payload);
    }
    return payload;
}

void lane_accepted(struct lane *lane, int index, uint64_t sequence)
{
    lane->items[index].accepted = true;
    lane->items[index].given = sequence;
}

void lane_finish_reserved(struct lane *lane, int index, uint64_t sequence)
{
    lane_accepted(lane, index, sequence);
    lane->items[index].sequence = sequence;
    CHECK_EQUAL(oip_pool_run(lane->elsewhere, finish_elsewhere, &lane->items[index]), 0);
}

static void blocking_waiter_done(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    struct blocking_waiter *at = (struct blocking_waiter *)(void *)waiter;
    at->result = result;
    at->sequence = sequence;
    sem_post(&at->told);
}

void blocking_waiter_init(struct blocking_waiter *waiter)
{
    memset(waiter, 0, sizeof *waiter);
    waiter->waiter.done = blocking_waiter_done;
    sem_init(&waiter->told, 0, 0);
}

static int ask_async(struct lane *lane, const struct payload *payload, uint64_t *sequence)
{
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    int result = oip_produce_async(lane->producer, payload, sequence, &waiter.waiter);
    if (result == -EINPROGRESS) {
        wait_for(&waiter.told);
        result = waiter.result;
        *sequence = waiter.sequence;
    }
    return result;
}

static int ask_one(struct lane *lane, enum way way, int index, bool may_wait)
{
    struct payload payload = lane_input(lane, index);
    uint64_t sequence = UINT64_MAX;
    oip_producer *producer = lane->producer;
    int result = -EINVAL;
    switch (way) {
    case BY_PRODUCE:
        result = may_wait ? oip_produce(producer, &payload, &sequence) : oip_try_produce(producer, &payload, &sequence);
        break;
    case BY_TRY:
        result = oip_try_produce(producer, &payload, &sequence);
        while (may_wait && result == -EAGAIN) {
            sched_yield();
            result = oip_try_produce(producer, &payload, &sequence);
        }
        break;
    case BY_MANY: {
        size_t count = 7;
        result = may_wait ? oip_produce_many(producer, &payload, 1, &count)
                          : oip_try_produce_many(producer, &payload, 1, &count);
        CHECK_EQUAL(count, result == 0);
        break;
    }
    case BY_ASYNC:
        result = may_wait ? ask_async(lane, &payload, &sequence) : oip_try_produce(producer, &payload, &sequence);
        break;
    case BY_RESERVE:
        result = may_wait ? oip_reserve(producer, &sequence) : oip_try_reserve(producer, &sequence);
        break;
    case BY_CALL:
        result = may_wait ? oip_produce_call(producer, run_called, &lane->items[index], &sequence)
                          : oip_try_produce(producer, &payload, &sequence);
        break;
    case WAYS:
        break;
    }
    if (result == 0) {
        if (way == BY_RESERVE) {
            lane_finish_reserved(lane, index, sequence);
        } else {
            lane_accepted(lane, index, sequence);
        }
    }
    return result;
}

int lane_try(struct lane *lane, int index)
{
    return ask_one(lane, lane->way, index, false);
}

static int ask_many(struct lane *lane, int first, int count)
{
    struct payload *payloads = calloc((size_t)count, sizeof *payloads);
    CHECK(payloads != NULL);
    for (int i = 0; i < count; i++) {
        payloads[i] = lane_input(lane, first + i);
    }
    size_t taken = 0;
    int result = oip_produce_many(lane->producer, payloads, (size_t)count, &taken);
    CHECK(result < 0 || taken == (size_t)count);
    for (size_t i = 0; i < taken; i++) {
        lane_accepted(lane, first + (int)i, UINT64_MAX);
    }
    free(payloads);
    return result;
}

int lane_ask_by(struct lane *lane, enum way way, int first, int count)
{
    if (way == BY_MANY && count > 0) {
        return ask_many(lane, first, count);
    }
    for (int i = first; i < first + count; i++) {
        int result = ask_one(lane, way, i, true);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

int lane_ask(struct lane *lane, int first, int count)
{
    return lane_ask_by(lane, lane->way, first, count);
}

/* -------------------------------------------------------------------------------------------------------- life ---- */

void lane_new_producer(struct lane *lane, const struct oip_producer_options *given)
{
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    if (given != NULL) {
        options = *given;
    }
    if (lane->way != BY_CALL) {
        options.payload_size = sizeof(struct payload);
        options.run = run_payload;
    }
    options.discard = discard_payload;
    options.context = lane;
    options.release = release_lane;
    CHECK_EQUAL(oip_producer_create(&lane->producer, lane->pool, &options), 0);
    CHECK(oip_producer_context(lane->producer) == lane);
}

struct lane *lane_create(enum way way, enum consumer consumer, int count, uint32_t threads,
                         const struct oip_producer_options *given)
{
    struct lane *lane = calloc(1, sizeof *lane);
    CHECK(lane != NULL);
    lane->way = way;
    lane->consumer = consumer;
    lane->count = count;
    lane->items = calloc((size_t)count, sizeof *lane->items);
    lane->order = calloc((size_t)count, sizeof *lane->order);
    CHECK(lane->items != NULL && lane->order != NULL);
    for (int i = 0; i < count; i++) {
        lane->items[i].lane = lane;
    }
    sem_init(&lane->arrivals, 0, 0);
    sem_init(&lane->finished, 0, 0);
    sem_init(&lane->released, 0, 0);
    lane->pool = pool_of(threads);
    if (way == BY_RESERVE) {
        lane->elsewhere = pool_of(threads);
    }
    lane_new_producer(lane, given);
    CHECK_EQUAL(oip_ready_queue_create(&lane->queue, NULL), 0);
    return lane;
}

struct lane *lane_of_variant(int variant, int count, uint32_t threads, const struct oip_producer_options *options)
{
    return lane_create((enum way)(variant / CONSUMERS), (enum consumer)(variant % CONSUMERS), count, threads, options);
}

void lane_check_accounts(struct lane *lane)
{
    int delivered = 0;
    for (int i = 0; i < lane->count; i++) {
        struct item *item = &lane->items[i];
        int fates = atomic_load(&item->failures) + atomic_load(&item->deliveries) +
                    atomic_load(&item->inputs_discarded) + atomic_load(&item->outputs_discarded);
        if (fates != item->accepted) {
            check_failed(__FILE__, __LINE__,
                         "item %d (accepted: %d, begun: %d): %d failures, %d deliveries, "
                         "%d inputs and %d outputs discarded",
                         i, item->accepted, atomic_load(&item->begins), atomic_load(&item->failures),
                         atomic_load(&item->deliveries), atomic_load(&item->inputs_discarded),
                         atomic_load(&item->outputs_discarded));
        }
        delivered += atomic_load(&item->deliveries);
    }
    CHECK_EQUAL(delivered, atomic_load(&lane->delivered));
}

void lane_end(struct lane *lane)
{
    if (!lane->gone) {
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    }
    if (lane->started && (lane->consumer == ATTACHED || lane->consumer == LOOP)) {
        CHECK_EQUAL(pthread_join(lane->thread, NULL), 0);
    }
    if (lane->elsewhere != NULL) {
        pool_end(lane->elsewhere);
    }
    if (!lane->gone) {
        oip_producer_release(lane->producer);
    }
    void *tag;
    while (oip_ready_queue_take(lane->queue, &tag) == 1) {
        /* the end, told to a loop that had seen it already: its entry holds the producer */
    }
    wait_for(&lane->released);
    CHECK(sem_trywait(&lane->released) != 0);
    oip_ready_queue_release(lane->queue);
    pool_end(lane->pool);
    lane_check_accounts(lane);
    free(lane->items);
    free(lane->order);
    free(lane);
}
