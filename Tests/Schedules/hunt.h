/* SPDX-License-Identifier: Apache-2.0 */
/* The hunt: random programs under random plans, in processes of their own, which a failure ends. */
#ifndef HUNT_H
#define HUNT_H

#include "plans.h"
#include "program.h"
#include "quiescence.h"

enum { SIGNATURE = 200, REPORT = 32768 };

/* One execution of one program. */
struct attempt {
    uint64_t seed;
    bool gone[MOST_GONE];
    struct plan plan;
};

/* What the hunting process and this one share. */
struct hunt {
    struct attempt now; /* what is being executed */
    uint64_t programs, executions, steps;
    uint64_t next_seed;
    struct quiescence_counts quiescence;
};

struct failure {
    struct attempt attempt;
    char signature[SIGNATURE]; /* its first line, without numbers */
    char report[REPORT];
};

extern struct hunt *hunt;

/* Before anything else. False: no memory. */
bool hunt_begin(void);

/*
 * In a process of its own: programs from hunt->next_seed on, up to `last`, each under `plans` plans, until a failure or
 * the time. Whether one failed. */
bool hunt_some(uint64_t last, unsigned plans, double seconds, struct failure *failure);

/* The attempt's program, first under its plan and then under up to `plans` others. Whether one failed. */
bool hunt_again(const struct attempt *attempt, unsigned plans, double seconds, struct failure *failure);

/* In this process, telling every change of threads. */
void hunt_repeat(const struct attempt *attempt, bool tells);

/* The smallest that fails in the same way. */
void hunt_shrink(struct failure *failure, double seconds);

/* The command line that repeats it. */
void attempt_print(FILE *to, const struct attempt *attempt);

double hunt_now(void);

#endif
