/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_usage.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

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
    /* Not ru_maxrss: that goes on from the program that started this one. */
    long peak = 0;
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &peak) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return peak;
}

long bench_heap_in_use(void)
{
    malloc_trim(0);
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}

long bench_resident(void)
{
    long pages = 0;
    FILE *sizes = fopen("/proc/self/statm", "r");
    if (sizes != NULL && fscanf(sizes, "%*d %ld", &pages) != 1)
        pages = 0;
    if (sizes != NULL)
        fclose(sizes);
    return pages * sysconf(_SC_PAGESIZE);
}
