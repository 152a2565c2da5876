/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers or producers side by side, each with its share of the items. Results of different groups may arrive in any
 * order, those of one in theirs only: each group has its own checksum.
 */
#ifndef BENCH_GROUPS_H
#define BENCH_GROUPS_H

#include <stdatomic.h>

#include "bench_receiver.h"

struct group {
    _Alignas(64) atomic_uint_fast64_t done; /* of its items; written by one thread, relaxed: only counted */
    uint64_t received;
    uint64_t checksum;
};

struct groups {
    const struct bench_job *job;
    uint64_t count;
    uint64_t share;
    struct group *each;
    double worst_share;
    atomic_bool first_is_through;
    atomic_uint_fast64_t unfinished; /* groups that have not received all; the last one notes the time */
};

/* 0 or -ENOMEM. */
int groups_init(struct groups *groups, const struct bench_job *job);
void groups_destroy(struct groups *groups);

/* One of a group's items more is done, as the fairness among groups counts it. */
void groups_count(struct groups *groups, struct group *group);

/* A result of `group`. One thread at a time for each group. */
void groups_receive(struct groups *groups, struct group *group, struct bench_receiver *receiver, uint64_t result);

/* Writes what all groups received into the receiver, and their fairness into the outcome. */
void groups_end(const struct groups *groups, struct bench_receiver *receiver, struct bench_outcome *outcome);

#endif
