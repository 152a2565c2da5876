/* SPDX-License-Identifier: Apache-2.0 */
/* The subjects that are written in C, and how one is measured. */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench_receiver.h"

struct bench_subject {
    const char *name;
    bool paced; /* can pace its requests */
    /* What outlives a pass, such as a pool; `*state` is for the other two. NULL: there is nothing. */
    int (*open)(const struct bench_job *job, void **state);
    /* Requests and receives the job's items once. */
    int (*pass)(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                struct bench_outcome *outcome);
    void (*close)(void *state);
};

/* All of them; the last has no name. */
extern const struct bench_subject bench_subjects[];

/* The one of that name, or NULL. */
const struct bench_subject *bench_find_subject(const char *name);

/*
 * Opens the subject, runs a short pass that is not measured, and measures one pass. Returns 0, or a negative errno
 * value: the subject's own, -ENOTSUP where requests are paced and the subject does not pace them, or -EBADMSG where
 * other results arrived than `expected_checksum` says, or too few.
 */
int bench_measure(const struct bench_subject *subject, const struct bench_job *job, uint64_t expected_checksum,
                  struct bench_outcome *outcome);

#endif
