/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench_allocations.h"

#include <dlfcn.h>

int64_t bench_allocations(void)
{
    int64_t (*count)(void) = (int64_t(*)(void))dlsym(RTLD_DEFAULT, "allocation_counter_value");
    return count != 0 ? count() : -1;
}
