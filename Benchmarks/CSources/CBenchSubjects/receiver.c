/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_receiver.h"

#include <string.h>

#include "bench_allocations.h"
#include "bench_usage.h"

/* A paced pass begins a little in the future, so that its first request is as punctual as the others. */
static const int64_t HEAD_START = 1000000;

void bench_receiver_init(struct bench_receiver *receiver, const struct bench_job *job)
{
    memset(receiver, 0, sizeof *receiver);
    receiver->interval = job->rate > 0 ? 1e9 / job->rate : 0;
    receiver->burst = job->burst != 0 ? job->burst : 1;
    receiver->items = job->items;
    receiver->latencies = job->latencies;
    receiver->checksum = BENCH_FOLD_START;
}

void bench_begin(struct bench_receiver *receiver)
{
    if (receiver->interval > 0)
        bench_sharpen_timers();
    getrusage(RUSAGE_SELF, &receiver->usage_at_begin);
    receiver->allocations_at_begin = bench_allocations();
    receiver->begin = bench_now() + (receiver->interval > 0 ? HEAD_START : 0);
}

void bench_end(const struct bench_receiver *receiver, struct bench_outcome *outcome)
{
    struct rusage usage;
    const struct rusage *before = &receiver->usage_at_begin;
    getrusage(RUSAGE_SELF, &usage);
    outcome->seconds = (double)(receiver->end - receiver->begin) / 1e9;
    outcome->cpu_seconds = bench_cpu_seconds(&usage) - bench_cpu_seconds(before);
    outcome->context_switches =
        (uint64_t)(usage.ru_nvcsw - before->ru_nvcsw) + (uint64_t)(usage.ru_nivcsw - before->ru_nivcsw);
    outcome->allocations =
        receiver->allocations_at_begin < 0 ? -1 : bench_allocations() - receiver->allocations_at_begin;
    outcome->received = receiver->received;
    outcome->checksum = receiver->checksum;
}
