/* SPDX-License-Identifier: Apache-2.0 */
/* The search: one play under many schedules, in a process of its own, which a failure ends. */
#ifndef SEARCH_H
#define SEARCH_H

#include "play.h"
#include "schedule.h"

#include <stdint.h>

/* What is to be tried. */
struct command {
    unsigned bound;  /* all schedules with so many deviations at any step, */
    unsigned points; /* and all with so many at named points, */
    uint64_t random; /* and so many random ones, every second with deviations at named points only */
    unsigned seconds;
    uint64_t seed;
};

/* What was tried: of all plays together. */
struct totals {
    uint64_t schedules, distinct;
};

/* Whether nothing failed. `number` is the play's. `totals` is shared with the process that this forks. */
bool search_in_child(const struct play *play, unsigned number, const struct command *command, struct totals *totals);

/* This one schedule, printing every change of threads. */
void search_repeat(const struct play *play, const struct schedule *schedule);

#endif
