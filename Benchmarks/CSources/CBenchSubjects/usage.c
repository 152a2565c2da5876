/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_usage.h"

static struct rusage usage_of(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return usage;
}

double bench_own_cpu_seconds(void)
{
    struct rusage own = usage_of(RUSAGE_SELF), children = usage_of(RUSAGE_CHILDREN);
    return bench_cpu_seconds(&own) + bench_cpu_seconds(&children);
}

long bench_peak_memory(void)
{
    return usage_of(RUSAGE_SELF).ru_maxrss;
}
