/* SPDX-License-Identifier: Apache-2.0 */
/* The library through its C interface: one caller and a pool. */
#include "library.h"

#include <errno.h>
#include <string.h>

/* How many items oip_produce_many() is given at a time. */
enum { BATCH = 64 };

int bench_library_open(const struct bench_job *job, void **state)
{
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = job->workers;
    options.name = "bench";
    oip_pool *pool;
    int result = oip_pool_create(&pool, &options);
    if (result == 0)
        *state = pool;
    return result;
}

void bench_library_close(void *state)
{
    oip_pool_shutdown(state);
    oip_pool_release(state);
}

static int make_item(void *context, void *payload, uint64_t sequence)
{
    (void)sequence;
    const struct bench_job *job = context;
    uint64_t *item = payload;
    *item = bench_work(*item, job->steps);
    return 0;
}

static int make_uneven_item(void *context, void *payload, uint64_t sequence)
{
    (void)sequence;
    uint64_t *item = payload;
    *item = bench_item(context, *item);
    return 0;
}

int library_create(oip_producer **producer, oip_pool *pool, const struct bench_job *job)
{
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = job->window;
    options.payload_size = sizeof(uint64_t);
    options.payload_align = _Alignof(uint64_t);
    options.run = bench_is_even(job) ? make_item : make_uneven_item;
    options.context = (void *)(uintptr_t)job;
    return oip_producer_create(producer, pool, &options);
}

void *library_consume(oip_producer *producer, void *receiver)
{
    uint64_t result;
    while (oip_next(producer, &result, NULL) == 1)
        bench_receive(receiver, result);
    return NULL;
}

int library_sink(void *receiver, void *payload, uint64_t sequence)
{
    (void)sequence;
    bench_receive(receiver, *(const uint64_t *)payload);
    return 0;
}

int library_request(oip_producer *producer, const struct bench_job *job, struct bench_receiver *receiver)
{
    bench_begin(receiver);
    for (uint64_t i = 0; i < job->items; i++) {
        bench_pace(receiver, i);
        int result = oip_produce(producer, &i, NULL);
        if (result != 0)
            return result;
    }
    return 0;
}

static int request_many(oip_producer *producer, const struct bench_job *job, struct bench_receiver *receiver)
{
    uint64_t batch[BATCH];
    bench_begin(receiver);
    for (uint64_t i = 0; i < job->items;) {
        size_t count = 0, accepted;
        for (; count < BATCH && i < job->items; count++)
            batch[count] = i++;
        int result = oip_produce_many(producer, batch, count, &accepted);
        if (result < 0)
            return result;
    }
    return 0;
}

void library_note(const oip_producer *producer, struct bench_outcome *outcome)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    if (oip_get_statistics(producer, &statistics) != 0)
        return;
    outcome->worker_wakes += statistics.worker_wakes;
    outcome->consumer_wakes += statistics.consumer_wakes;
    outcome->caller_wakes += statistics.caller_wakes;
    outcome->assisted += statistics.assisted;
    outcome->helped += statistics.helped;
}

int library_end(oip_producer *producer, int result, struct bench_outcome *outcome)
{
    int stopped = oip_stop(producer, NULL);
    library_note(producer, outcome);
    oip_producer_release(producer);
    return result != 0 ? result : stopped;
}

static int pass(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                struct bench_outcome *outcome, bool inline_sink, bool many)
{
    oip_producer *producer;
    int result = library_create(&producer, pool, job);
    if (result != 0)
        return result;
    result =
        inline_sink ? oip_start_sink(producer, library_sink, receiver) : oip_start(producer, library_consume, receiver);
    if (result == 0)
        result = many ? request_many(producer, job, receiver) : library_request(producer, job, receiver);
    return library_end(producer, result, outcome);
}

int bench_library_thread(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                         struct bench_outcome *outcome)
{
    if (job->producers != 0)
        return -ENOTSUP;
    if (job->callers != 0)
        return library_callers(state, job, receiver, outcome);
    return job->drain ? library_drain(state, job, receiver, outcome, false)
                      : pass(state, job, receiver, outcome, false, false);
}

int bench_library_sink(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                       struct bench_outcome *outcome)
{
    if (job->callers != 0)
        return -ENOTSUP;
    if (job->producers != 0)
        return library_producers(state, job, receiver, outcome);
    return job->drain ? library_drain(state, job, receiver, outcome, true)
                      : pass(state, job, receiver, outcome, true, false);
}

int bench_library_many(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                       struct bench_outcome *outcome)
{
    return pass(state, job, receiver, outcome, false, true);
}

int bench_library_many_sink(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                            struct bench_outcome *outcome)
{
    return pass(state, job, receiver, outcome, true, true);
}
