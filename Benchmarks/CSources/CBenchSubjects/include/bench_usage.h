/* SPDX-License-Identifier: Apache-2.0 */
/* What processes have used. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <sys/resource.h>

/* The processor time in `usage`, of all threads, in user mode and in the kernel. */
static inline double bench_cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

/* The processor time of this process and of its children that have ended. */
double bench_own_cpu_seconds(void);

/* KiB: the largest that this process has been. */
long bench_peak_memory(void);

/* Bytes that this process has allocated and not freed, in all arenas; what was freed is given back first. */
long bench_heap_in_use(void);

/* Bytes of this process that are in memory now. */
long bench_resident(void);

#endif
