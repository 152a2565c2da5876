/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A head that lasts until every item behind it is finished, and how long their delivery takes from then on. The head
 * computes all the time, as a slow item would, and looks now and then how many the other threads have finished; these
 * count each for itself, so that nobody waits for a counter.
 */
#include "library.h"

#include <errno.h>
#include <stdatomic.h>

enum { MAX_THREADS = 256, LOOK_EVERY_STEPS = 20000 };
static const int64_t PATIENCE = 20000000000;

struct counter {
    _Alignas(64) atomic_uint_fast64_t finished; /* relaxed: only counted */
};

struct run {
    const struct bench_job *job;
    atomic_uint threads;
    atomic_int_fast64_t head_ended; /* relaxed: read after all has come to rest */
    atomic_uint_fast64_t behind_head;
    struct counter counters[MAX_THREADS];
};

/* The calling thread's place in the run that it last worked for. */
static _Thread_local struct counter *own_counter;
static _Thread_local uint64_t own_run;
static atomic_uint_fast64_t runs;
static struct run the_run;

static uint64_t finished_by_all(struct run *run)
{
    uint64_t sum = 0, threads = atomic_load_explicit(&run->threads, memory_order_relaxed);
    for (uint64_t i = 0; i < threads && i < MAX_THREADS; i++)
        sum += atomic_load_explicit(&run->counters[i].finished, memory_order_relaxed);
    return sum;
}

static void last_until_others_are_finished(struct run *run)
{
    static volatile uint64_t keep;
    int64_t give_up = bench_now() + PATIENCE;
    uint64_t behind;
    while ((behind = finished_by_all(run)) < run->job->items - 1 && bench_now() < give_up)
        keep = bench_work(behind, LOOK_EVERY_STEPS);
    (void)keep;
    atomic_store_explicit(&run->behind_head, behind, memory_order_relaxed);
    atomic_store_explicit(&run->head_ended, bench_now(), memory_order_relaxed);
}

static void count_finished(struct run *run)
{
    uint64_t now = atomic_load_explicit(&runs, memory_order_relaxed);
    if (own_run != now) {
        own_run = now;
        own_counter = &run->counters[atomic_fetch_add_explicit(&run->threads, 1, memory_order_relaxed) % MAX_THREADS];
    }
    uint64_t finished = atomic_load_explicit(&own_counter->finished, memory_order_relaxed);
    atomic_store_explicit(&own_counter->finished, finished + 1, memory_order_relaxed);
}

static int make_item(void *context, void *payload, uint64_t sequence)
{
    struct run *run = context;
    uint64_t *item = payload;
    *item = bench_work(*item, run->job->steps);
    if (sequence == 0)
        last_until_others_are_finished(run);
    else
        count_finished(run);
    return 0;
}

int library_drain(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                  struct bench_outcome *outcome, bool inline_sink)
{
    if (job->items > job->window)
        return -EINVAL; /* the head would wait for items that cannot be asked for */
    struct run *run = &the_run;
    run->job = job;
    atomic_init(&run->threads, 0);
    for (int i = 0; i < MAX_THREADS; i++)
        atomic_init(&run->counters[i].finished, 0);
    atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed);

    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = job->window;
    options.payload_size = sizeof(uint64_t);
    options.payload_align = _Alignof(uint64_t);
    options.run = make_item;
    options.context = run;
    oip_producer *producer;
    int result = oip_producer_create(&producer, pool, &options);
    if (result != 0)
        return result;
    result =
        inline_sink ? oip_start_sink(producer, library_sink, receiver) : oip_start(producer, library_consume, receiver);
    if (result == 0)
        result = library_request(producer, job, receiver);
    result = library_end(producer, result, outcome);
    int64_t head_ended = atomic_load_explicit(&run->head_ended, memory_order_relaxed);
    outcome->drain_seconds = (double)(receiver->end - head_ended) / 1e9;
    outcome->behind_head = atomic_load_explicit(&run->behind_head, memory_order_relaxed);
    return result;
}
