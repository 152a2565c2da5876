/* SPDX-License-Identifier: Apache-2.0 */
/* What overdue.c and overdue_consumers.c need of the items. */
#ifndef OVERDUE_ITEMS_H
#define OVERDUE_ITEMS_H

#include "overdue.h"

void overdue_give_functions(struct overdue *overdue, struct oip_producer_options *options);

/* The whole payload is written, and looked at by whoever gets it: a copy in the wrong place is found out. */
void overdue_write(const struct overdue *overdue, void *payload, uint64_t index, uint64_t form);

/* The consumer's part; a sink's function. */
int overdue_deliver(void *overdue, void *payload, uint64_t sequence);

/* That an item, its substitute and its argument became one thing each. */
void overdue_check(const struct entry *entry);

#endif
