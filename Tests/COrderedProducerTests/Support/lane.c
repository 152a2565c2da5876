/* SPDX-License-Identifier: Apache-2.0 */
#include "lane_items.h"
#include "outcome.h"

#include <stdio.h>
#include <stdlib.h>

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

static void release_lane(void *context)
{
    sem_post(&((struct lane *)context)->released);
}

void lane_new_producer(struct lane *lane, const struct oip_producer_options *given)
{
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    if (given != NULL) {
        options = *given;
    }
    if (lane->way != BY_CALL) {
        options.payload_size = sizeof(struct payload);
        options.run = lane_run_payload;
    }
    options.discard = lane_discard_payload;
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

void lane_hold(struct lane *lane, int first, int end, sem_t *begun, sem_t *hold)
{
    sem_init(begun, 0, 0);
    sem_init(hold, 0, 0);
    for (int i = first; i < end; i++) {
        lane->items[i].begun = begun;
        lane->items[i].hold = hold;
    }
}

uint64_t lane_finished_waiting(const struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    return statistics.finished_waiting;
}

void lane_check_in_order(const struct lane *lane, int count)
{
    CHECK_EQUAL(atomic_load(&lane->delivered), count);
    for (int i = 0; i < count; i++) {
        CHECK_EQUAL(lane->order[i], i);
    }
}

void lane_check_accounts(struct lane *lane)
{
    int delivered = 0;
    for (int i = 0; i < lane->count; i++) {
        struct item *item = &lane->items[i];
        struct fates fates = {item->accepted,
                              atomic_load(&item->begins),
                              atomic_load(&item->failures),
                              atomic_load(&item->deliveries),
                              atomic_load(&item->inputs_discarded),
                              atomic_load(&item->outputs_discarded)};
        check_fates(i, &fates);
        delivered += fates.deliveries;
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
