/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue.h"

#include "overdue_items.h"

#include <stdlib.h>

struct overdue *overdue_create(enum consumer consumer, int count, uint32_t threads,
                               const struct oip_producer_options *given)
{
    struct overdue *overdue = calloc(1, sizeof *overdue);
    CHECK(overdue != NULL);
    overdue->consumer = consumer;
    overdue->count = count;
    overdue->entries = calloc((size_t)count, sizeof *overdue->entries);
    CHECK(overdue->entries != NULL);
    for (int i = 0; i < count; i++) {
        overdue->entries[i].overdue = overdue;
        overdue->entries[i].with_argument = true;
    }
    sem_init(&overdue->arrivals, 0, 0);
    sem_init(&overdue->released, 0, 0);
    overdue->pool = pool_of(threads);
    struct oip_producer_options options = *given;
    options.payload_size = given->payload_size != 0 ? given->payload_size : sizeof(struct parcel);
    overdue->payload_size = options.payload_size;
    options.deadlines = true;
    overdue_give_functions(overdue, &options);
    CHECK_EQUAL(oip_producer_create(&overdue->producer, overdue->pool, &options), 0);
    return overdue;
}

int overdue_ask(struct overdue *overdue, int index, enum making making, uint64_t deadline_ns)
{
    struct entry *entry = &overdue->entries[index];
    _Alignas(64) char payload[4096];
    overdue_write(overdue, payload, (uint64_t)index, INPUT);
    struct oip_request request = {
        .size = sizeof request,
        .payload = making == ON_POOL ? payload : NULL,
        .deadline_ns = deadline_ns,
        .argument = entry->with_argument ? entry : NULL,
    };
    int result = oip_request(overdue->producer, &request, &entry->sequence);
    entry->asked = result == 0;
    if (result == 0 && making == ELSEWHERE) {
        atomic_fetch_add(&entry->begins, 1);
        if (entry->begun != NULL) {
            sem_post(entry->begun);
        }
    }
    return result;
}

void overdue_finish(struct overdue *overdue, int index)
{
    struct entry *entry = &overdue->entries[index];
    _Alignas(64) char payload[4096];
    overdue_write(overdue, payload, (uint64_t)index, entry->fails ? FAILURE : OUTPUT);
    if (entry->fails) {
        oip_fail_with(overdue->producer, entry->sequence, FAILURE, payload);
    } else {
        atomic_fetch_add(&entry->outputs, 1);
        oip_complete(overdue->producer, entry->sequence, payload);
    }
}

struct oip_statistics overdue_statistics(struct overdue *overdue)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(overdue->producer, &statistics), 0);
    return statistics;
}

void overdue_stop(struct overdue *overdue)
{
    CHECK_EQUAL(oip_stop(overdue->producer, NULL), 0);
    if (overdue->started && (overdue->consumer == LOOP || overdue->consumer == ATTACHED)) {
        CHECK_EQUAL(pthread_join(overdue->thread, NULL), 0);
    }
    overdue->left = true;
}

void overdue_end(struct overdue *overdue)
{
    if (!overdue->left) {
        overdue_stop(overdue);
    }
    oip_producer_release(overdue->producer);
    if (overdue->queue != NULL) {
        oip_ready_queue_release(overdue->queue); /* an entry that the loop has left there holds the producer */
    }
    wait_for(&overdue->released);
    for (int i = 0; i < overdue->count; i++) {
        overdue_check(&overdue->entries[i]);
    }
    pool_end(overdue->pool);
    free(overdue->entries);
    free(overdue);
}
