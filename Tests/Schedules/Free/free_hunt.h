/* SPDX-License-Identifier: Apache-2.0 */
/* One program, run free so many times. */
#ifndef FREE_HUNT_H
#define FREE_HUNT_H

#include "program.h"

#include <stdio.h>

struct free_attempt {
    uint64_t seed;
    bool gone[MOST_GONE];
    unsigned first, times; /* executions: each is disturbed in another way */
};

/* Returns only where nothing failed. */
void free_attempt(const struct free_attempt *attempt);

/* The command that repeats what is being executed. */
void free_attempt_print(FILE *to);

/* failing.c: a fault of the process is a failure of the program. */
void free_failing_begin(void);

#endif
