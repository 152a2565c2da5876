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

/* The program once, disturbed by `seed`. */
void free_execute(const struct program *program, uint64_t seed, unsigned number);

/* free_programs.c, or fuzz_programs.c: how to repeat what is being executed; the end of a process that has failed. */
void free_print_how_to_repeat(FILE *to);
_Noreturn void free_give_up(void);

/* failing.c: a fault of the process is a failure of the program. */
void free_failing_begin(void);

#endif
