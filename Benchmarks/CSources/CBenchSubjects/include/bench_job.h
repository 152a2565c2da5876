/* SPDX-License-Identifier: Apache-2.0 */
/* One pass: how many items of what size, how they are requested, and what their results must fold to. */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "bench_work.h"

/* Zero in a field of the second part means that the pass is without it. */
struct bench_job {
    uint64_t items;
    uint64_t steps; /* of work in each item */
    uint32_t workers;
    uint64_t window;    /* items outstanding at most, of each producer */
    double rate;        /* requests per second; 0: as fast as possible */
    int64_t *latencies; /* room for `items` latencies in nanoseconds; NULL: not wanted */

    uint64_t burst;      /* requests that are due together */
    uint64_t tail_every; /* every so many items one is long, */
    uint64_t tail_times; /* this many times as long as the others */
    uint64_t slow_head;  /* the first item is so many times as long */
    uint32_t callers;    /* threads that request from one producer, equal shares of `items` */
    uint32_t producers;  /* on one pool, equal shares of `items` */
    bool drain;          /* the first item lasts until all others are finished */
    uint64_t warm_up;    /* items of the pass before the measured one; 0: BENCH_WARM_UP */
};

enum { BENCH_WARM_UP = 5000 };

/* Whether all items are alike. */
static inline bool bench_is_even(const struct bench_job *job)
{
    return job->tail_every == 0 && job->slow_head == 0;
}

/* The steps of item `index`. */
static inline uint64_t bench_item_steps(const struct bench_job *job, uint64_t index)
{
    if (job->tail_every != 0 && index % job->tail_every == job->tail_every - 1)
        return job->steps * job->tail_times;
    return job->slow_head != 0 && index == 0 ? job->steps * job->slow_head : job->steps;
}

/* Makes item `index`. */
static inline uint64_t bench_item(const struct bench_job *job, uint64_t index)
{
    return bench_work(index, bench_item_steps(job, index));
}

/*
 * Callers or producers side by side: each has `items / groups` items, which come one behind the other in `index`, and a
 * checksum of its own; the job's folds these. 1 where there is one caller and one producer only.
 */
static inline uint64_t bench_groups(const struct bench_job *job)
{
    return job->callers != 0 ? job->callers : job->producers != 0 ? job->producers : 1;
}

/* Folds the items from `first` up to `end` into `checksum`; made by a serial loop. */
uint64_t bench_fold_items(uint64_t checksum, const struct bench_job *job, uint64_t first, uint64_t end);

/* The checksum that the job must give. */
uint64_t bench_expected_checksum_of(const struct bench_job *job);

#endif
