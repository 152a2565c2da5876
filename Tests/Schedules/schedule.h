/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules, as the controller runs them and as they are printed: SCHEDULE=play:step>thread,step@point>thread */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "points.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MOST_THREADS = 32, MOST_DEVIATIONS = 16 };

struct deviation {
    uint32_t step;
    uint32_t thread;
    enum point point; /* at which the step is; NO_POINT: it is no named one */
};

struct schedule {
    unsigned count;
    struct deviation deviations[MOST_DEVIATIONS]; /* steps ascend */
};

/* Deviations at random instead of those of a schedule; `one_in` 0: none. */
struct chance {
    uint64_t state; /* not 0 */
    uint32_t one_in;
    bool at_points; /* at named points only */
};

uint64_t chance_next(struct chance *chance, uint64_t below);

void schedule_print(FILE *to, const char *play, const struct schedule *schedule);

/* What stands behind the play's name: empty, or a colon and the deviations. */
bool schedule_read(const char *text, struct schedule *schedule);

#endif
