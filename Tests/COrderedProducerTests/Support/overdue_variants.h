/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of overtaking have in common: each is run for every consumer, with items on the pool and elsewhere. */
#ifndef OVERDUE_VARIANTS_H
#define OVERDUE_VARIANTS_H

#include "overdue.h"

enum { VARIANTS = CONSUMERS * MAKINGS };

const char *variant_name(int variant);
enum making making_of(int variant);
struct overdue *of_variant(int variant, int count, const struct oip_producer_options *options);

/* The item that hangs says that it has begun, and waits for the gate. */
extern sem_t begun, gate;

/* Item `index` hangs: it is asked for and begun, and waits for the gate. */
void ask_hung(struct overdue *overdue, int index, enum making making, uint64_t deadline_ns);
void let_go(struct overdue *overdue, int index, enum making making);

void wait_for_arrivals(struct overdue *overdue, int count);

#endif
