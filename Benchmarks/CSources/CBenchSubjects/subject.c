/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_subject.h"
#include "subjects.h"

#include <errno.h>
#include <string.h>

const struct bench_subject bench_subjects[] = {
    {"c-thread", true, bench_library_open, bench_library_thread, bench_library_close},
    {"c-sink", true, bench_library_open, bench_library_sink, bench_library_close},
    {"c-loop", true, bench_library_open, bench_loop, bench_library_close},
    {"c-many", false, bench_library_open, bench_library_many, bench_library_close},
    {"c-many-sink", false, bench_library_open, bench_library_many_sink, bench_library_close},
    {"spsc-spinning", true, NULL, bench_spsc_spinning, NULL},
    {"spsc-parked", true, NULL, bench_spsc_parked, NULL},
    {"serial", false, NULL, bench_serial, NULL},
    {"independent", false, NULL, bench_independent, NULL},
    {"known-allocations", false, NULL, bench_known_allocations, NULL},
    {NULL, false, NULL, NULL, NULL},
};

const struct bench_subject *bench_find_subject(const char *name)
{
    for (const struct bench_subject *subject = bench_subjects; subject->name != NULL; subject++)
        if (strcmp(subject->name, name) == 0)
            return subject;
    return NULL;
}

/* Threads started, memory touched, code paged in; too short to matter where items are long. */
static struct bench_job warm_up(const struct bench_job *job)
{
    struct bench_job warm = *job;
    uint64_t most = job->warm_up != 0 ? job->warm_up : BENCH_WARM_UP, groups = bench_groups(job);
    warm.items = job->items < most ? job->items : most;
    warm.items = warm.items < groups ? groups : warm.items - warm.items % groups;
    warm.steps = 0;
    warm.rate = 0;
    warm.latencies = NULL;
    return warm;
}

static int measured_pass(const struct bench_subject *subject, void *state, const struct bench_job *job,
                         uint64_t expected_checksum, struct bench_outcome *outcome)
{
    struct bench_receiver receiver;
    bench_receiver_init(&receiver, job);
    memset(outcome, 0, sizeof *outcome);
    int result = subject->pass(state, job, &receiver, outcome);
    if (result != 0)
        return result;
    bench_end(&receiver, outcome);
    return outcome->received == job->items && outcome->checksum == expected_checksum ? 0 : -EBADMSG;
}

int bench_measure(const struct bench_subject *subject, const struct bench_job *job, uint64_t expected_checksum,
                  struct bench_outcome *outcome)
{
    void *state = NULL;
    if (job->rate > 0 && !subject->paced)
        return -ENOTSUP;
    int result = subject->open != NULL ? subject->open(job, &state) : 0;
    if (result != 0)
        return result;
    struct bench_job warm = warm_up(job);
    result = measured_pass(subject, state, &warm, bench_expected_checksum_of(&warm), outcome);
    if (result == 0)
        result = measured_pass(subject, state, job, expected_checksum, outcome);
    if (subject->close != NULL)
        subject->close(state);
    return result;
}
