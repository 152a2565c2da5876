/* SPDX-License-Identifier: Apache-2.0 */
#include "groups.h"

#include <errno.h>
#include <stdlib.h>

int groups_init(struct groups *groups, const struct bench_job *job)
{
    groups->job = job;
    groups->count = bench_groups(job);
    groups->share = job->items / groups->count;
    groups->worst_share = 0;
    atomic_init(&groups->first_is_through, false);
    atomic_init(&groups->unfinished, groups->count);
    groups->each = aligned_alloc(_Alignof(struct group), groups->count * sizeof *groups->each);
    if (groups->each == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < groups->count; i++) {
        atomic_init(&groups->each[i].done, 0);
        groups->each[i].received = 0;
        groups->each[i].checksum = BENCH_FOLD_START;
    }
    return 0;
}

void groups_destroy(struct groups *groups)
{
    free(groups->each);
}

/* How far the slowest group is while the first one is through. */
static double worst_share(struct groups *groups)
{
    uint64_t least = groups->share;
    for (uint64_t i = 0; i < groups->count; i++) {
        uint64_t done = atomic_load_explicit(&groups->each[i].done, memory_order_relaxed);
        if (done < least)
            least = done;
    }
    return (double)least / (double)groups->share;
}

void groups_count(struct groups *groups, struct group *group)
{
    uint64_t done = atomic_load_explicit(&group->done, memory_order_relaxed) + 1;
    atomic_store_explicit(&group->done, done, memory_order_relaxed);
    if (done == groups->share && !atomic_exchange_explicit(&groups->first_is_through, true, memory_order_relaxed))
        groups->worst_share = worst_share(groups);
}

void groups_receive(struct groups *groups, struct group *group, struct bench_receiver *receiver, uint64_t result)
{
    group->checksum = bench_fold(group->checksum, result);
    /* Acquire and release: the last group's thread sees that all others are done, and whoever stops them sees the end.
     */
    if (++group->received == groups->share &&
        atomic_fetch_sub_explicit(&groups->unfinished, 1, memory_order_acq_rel) == 1)
        receiver->end = bench_now();
}

void groups_end(const struct groups *groups, struct bench_receiver *receiver, struct bench_outcome *outcome)
{
    for (uint64_t i = 0; i < groups->count; i++) {
        receiver->received += groups->each[i].received;
        receiver->checksum = bench_fold(receiver->checksum, groups->each[i].checksum);
    }
    outcome->worst_share = groups->worst_share;
}
