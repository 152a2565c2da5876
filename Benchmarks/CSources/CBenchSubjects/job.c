/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_job.h"

uint64_t bench_fold_items(uint64_t checksum, const struct bench_job *job, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++)
        checksum = bench_fold(checksum, bench_item(job, i));
    return checksum;
}

uint64_t bench_expected_checksum_of(const struct bench_job *job)
{
    if (job->callers == 0 && job->producers == 0)
        return bench_fold_items(BENCH_FOLD_START, job, 0, job->items);
    uint64_t groups = bench_groups(job), share = job->items / groups, checksum = BENCH_FOLD_START;
    for (uint64_t group = 0; group < groups; group++) {
        uint64_t own = bench_fold_items(BENCH_FOLD_START, job, group * share, (group + 1) * share);
        checksum = bench_fold(checksum, own);
    }
    return checksum;
}
