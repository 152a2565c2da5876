/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue_variants.h"

#include <stdio.h>

const char *variant_name(int variant)
{
    static char name[60];
    snprintf(name, sizeof name, "%s, %s", consumer_name(variant % CONSUMERS),
             variant / CONSUMERS == ON_POOL ? "on the pool" : "elsewhere");
    return name;
}

enum making making_of(int variant)
{
    return (enum making)(variant / CONSUMERS);
}

struct overdue *of_variant(int variant, int count, const struct oip_producer_options *options)
{
    return overdue_create((enum consumer)(variant % CONSUMERS), count, 2, options);
}

sem_t begun, gate;

void ask_hung(struct overdue *overdue, int index, enum making making, uint64_t deadline_ns)
{
    sem_init(&begun, 0, 0);
    sem_init(&gate, 0, 0);
    overdue->entries[index].begun = &begun;
    overdue->entries[index].gate = &gate;
    CHECK_EQUAL(overdue_ask(overdue, index, making, deadline_ns), 0);
    wait_for(&begun);
}

void let_go(struct overdue *overdue, int index, enum making making)
{
    if (making == ON_POOL) {
        sem_post(&gate);
    } else {
        overdue_finish(overdue, index);
    }
}

void wait_for_arrivals(struct overdue *overdue, int count)
{
    for (int i = 0; i < count; i++) {
        wait_for(&overdue->arrivals);
    }
}
