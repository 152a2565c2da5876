/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an item does: a fixed arithmetic loop whose length is given in steps, so that all subjects make the same items
 * and every result can be told from every other. Each step depends on the one before it (xorshift64*), hence takes
 * the same time wherever it runs and cannot be shortened by a compiler.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdint.h>

/* The result of item `index` after `steps` steps. Never inlined: its cost is the same for a caller in any language. */
uint64_t bench_work(uint64_t index, uint64_t steps);

/* How many steps take a microsecond on this machine: the fastest of several tries, so that a busy machine misleads
 * least. */
double bench_steps_per_microsecond(void);

/* The checksum before the first item. */
#define BENCH_FOLD_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t bench_fold_start(void)
{
    return BENCH_FOLD_START;
}

/* Adds a result to the checksum. Results in another order give another checksum. */
static inline uint64_t bench_fold(uint64_t checksum, uint64_t result)
{
    return (checksum ^ result) * UINT64_C(0x100000001b3);
}

/* The checksum that `items` items of `steps` steps must give; made by a serial loop. */
uint64_t bench_expected_checksum(uint64_t items, uint64_t steps);

#endif
