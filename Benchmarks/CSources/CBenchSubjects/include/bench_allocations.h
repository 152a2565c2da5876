/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations of this process, where the allocation counter is preloaded into it. */
#ifndef BENCH_ALLOCATIONS_H
#define BENCH_ALLOCATIONS_H

#include <stdint.h>

/* So far, in all threads; -1 where nothing counts them. */
int64_t bench_allocations(void);

#endif
