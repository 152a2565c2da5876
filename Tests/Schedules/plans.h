/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: schedules for random programs, by priorities.
 *
 * Every thread has a priority; the highest that can run does (Burckhardt et al., "A randomized scheduler with
 * probabilistic guarantees of finding bugs", 2010). A change makes a thread slow at a place of the source, the nth time
 * that it is passed: from there on it goes on only when all others sleep, and have slept through `patience` timers and
 * polls; that is a thread that has lost its processor between a sequence and its publication, say. Or a timer runs out
 * there although others could still run. Who polls gives way to all that are not slow.
 *
 * Places, not steps: rare ones are as likely as those that are passed a thousand times. Printed as
 *
 *     PLAN=seed/one_in/function@line#nth-patience,function@line#nth!      (! a timer runs out)
 *
 * one_in: at one step of so many, another thread gets the highest priority; 0: at none. */
#ifndef PLANS_H
#define PLANS_H

#include "controller.h"

#include <stdio.h>

enum { MOST_CHANGES = 8, PLACE_NAME = 40 };

struct change {
    char function[PLACE_NAME];
    int line;
    uint32_t nth;
    uint32_t patience;
    bool rings; /* a timer runs out */
};

struct plan {
    uint64_t seed;
    uint32_t one_in;
    unsigned count;
    struct change changes[MOST_CHANGES];
};

/* What the next execution follows; `plan` stays valid as long. */
void plan_use(const struct plan *plan);

/* One with changes at places that the last execution passed. */
void plan_draw(struct plan *plan, struct chance *dice);

/* The changes of the plan in use that took place, a bit each. */
uint32_t plan_changed(void);

void plan_print(FILE *to, const struct plan *plan);

/* What stands behind "PLAN=". */
bool plan_read(const char *text, struct plan *plan);

#endif
