/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ends of a measured pass, the same for every subject: the requester calls bench_begin() just before its first
 * request and, where requests are paced, bench_pace() before each; whoever receives the results calls bench_receive()
 * for each in turn. Latency is counted from the intended time of a request, not from when it was sent, so that a
 * subject that holds its requester up is charged for all requests that come late thereby.
 */
#ifndef BENCH_RECEIVER_H
#define BENCH_RECEIVER_H

#include <stdint.h>
#include <sys/resource.h>

#include "bench_clock.h"
#include "bench_job.h"

struct bench_receiver {
    /* Written before the first request, then only read. */
    int64_t begin;
    double interval; /* nanoseconds between requests; 0: not paced */
    uint64_t burst;  /* requests that are due together, at least 1 */
    uint64_t items;
    int64_t *latencies;
    struct rusage usage_at_begin;
    int64_t allocations_at_begin;
    /* The receiver's own, away from what the requester reads. */
    char distance[64];
    uint64_t received;
    uint64_t checksum;
    int64_t end;
};

/* What a pass took. */
struct bench_outcome {
    double seconds;
    double cpu_seconds;
    uint64_t context_switches;
    uint64_t received;
    uint64_t checksum;
    int64_t allocations; /* during the pass; -1: not counted */
    /* Where the subject counts them, else 0. */
    uint64_t worker_wakes, consumer_wakes, caller_wakes, assisted, helped;
    /* Callers or producers side by side, when the first of them was through: what the others had done by then. */
    double worst_share; /* the slowest one's part of its items; 0: there are no several */
    /* A slow head: from its end to the last delivery, and how many items had been finished behind it. */
    double drain_seconds;
    uint64_t behind_head;
};

void bench_receiver_init(struct bench_receiver *receiver, const struct bench_job *job);

/* The requester is about to make its first request. */
void bench_begin(struct bench_receiver *receiver);

/* What the pass took; all results have been received and all threads are at rest. */
void bench_end(const struct bench_receiver *receiver, struct bench_outcome *outcome);

/* When request `index` is due. */
static inline int64_t bench_intended(const struct bench_receiver *receiver, uint64_t index)
{
    return receiver->begin + (int64_t)((double)(index - index % receiver->burst) * receiver->interval);
}

static inline void bench_pace(const struct bench_receiver *receiver, uint64_t index)
{
    if (receiver->interval > 0)
        bench_sleep_until(bench_intended(receiver, index));
}

static inline void bench_receive(struct bench_receiver *receiver, uint64_t result)
{
    uint64_t index = receiver->received++;
    if (receiver->latencies != NULL && index < receiver->items)
        receiver->latencies[index] = bench_now() - bench_intended(receiver, index);
    receiver->checksum = bench_fold(receiver->checksum, result);
    if (receiver->received == receiver->items)
        receiver->end = bench_now();
}

#endif
