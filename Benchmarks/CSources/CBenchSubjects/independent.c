/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine can do at most: as many threads as there would be workers, each making a part of the items, none
 * waiting for another. Nothing is handed over until all are done.
 */
#include "subjects.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct part {
    const struct bench_job *job;
    uint64_t *results;
    uint64_t first, end;
    pthread_t thread;
};

static void *make_part(void *argument)
{
    const struct part *part = argument;
    for (uint64_t i = part->first; i < part->end; i++)
        part->results[i] = bench_item(part->job, i);
    return NULL;
}

/* The first part is the calling thread's. */
static int make_all(const struct bench_job *job, uint64_t *results, struct part *parts)
{
    uint32_t started = 1;
    int result = 0;
    for (uint32_t i = 0; i < job->workers; i++)
        parts[i] = (struct part){.job = job,
                                 .results = results,
                                 .first = job->items * i / job->workers,
                                 .end = job->items * (i + 1) / job->workers};
    for (; started < job->workers && result == 0; started++)
        result = -pthread_create(&parts[started].thread, NULL, make_part, &parts[started]);
    make_part(&parts[0]);
    for (uint32_t i = 1; i < started - (result != 0); i++)
        pthread_join(parts[i].thread, NULL);
    return result;
}

int bench_independent(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                      struct bench_outcome *outcome)
{
    (void)state;
    (void)outcome;
    uint64_t *results = calloc(job->items, sizeof *results);
    struct part *parts = calloc(job->workers, sizeof *parts);
    int result = results == NULL || parts == NULL ? -ENOMEM : 0;
    if (result == 0) {
        bench_begin(receiver);
        result = make_all(job, results, parts);
        int64_t end = bench_now();
        for (uint64_t i = 0; i < job->items && result == 0; i++)
            bench_receive(receiver, results[i]);
        receiver->end = end;
    }
    free(parts);
    free(results);
    return result;
}
