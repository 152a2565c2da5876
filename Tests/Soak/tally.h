/* SPDX-License-Identifier: Apache-2.0 */
/* What the whole run has done so far. */
#ifndef TALLY_H
#define TALLY_H

#include "plan.h"

#include <stdatomic.h>

struct tally {
    atomic_ullong producers, items, delivered, failed, discarded, nested, nested_refused;
    atomic_ullong endings[ENDINGS], faces[FACES], by_failure, by_pool;
    atomic_ullong pools, resizes, pauses, cancelled;
    atomic_ullong with_deadlines, requests, overtaken, late, events;
};

extern struct tally tally;

static inline void count_more(atomic_ullong *counter, unsigned long long more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static inline void count_one(atomic_ullong *counter)
{
    count_more(counter, 1);
}

#endif
