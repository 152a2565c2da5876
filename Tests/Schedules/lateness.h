/* SPDX-License-Identifier: Apache-2.0 */
/* How long something may stay late on purpose, while no thread of the program can go on: the bounds of quiescence.h. */
#ifndef LATENESS_H
#define LATENESS_H

#include "quiescence.h"

struct side;

void lateness_begin(void);

/* A look at the state begins, which stays as it is for so long; and it has ended. */
void lateness_look(uint64_t now, uint64_t asleep_for);
void lateness_looked(void);

/* `what` is late: as long as it stays the same its time is counted. Fails where that is over the bound. */
void excuse(const struct side *side, enum excuse excuse, uint64_t what);

#endif
