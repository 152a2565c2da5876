/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Late items: the reserved items of a producer that were overtaken and have not come yet.
 *
 * Whoever finishes a reserved item names it by its sequence, and where that was overtaken its slot says nothing about
 * it any more. Nor does a count of late items suffice: a second completion of one would be taken for the first of
 * another, and let go of the producer under it. So their sequences are kept, in a hash table with open addressing,
 * which has an entry only where an item is late.
 *
 * Overtaking must not fail for want of memory. An item that could not be remembered is counted instead, and that many
 * completions are believed.
 */
#ifndef OIP_LATE_ITEMS_H
#define OIP_LATE_ITEMS_H

#include "platform.h"

OIP_PRIVATE_BEGIN

/* All zero: there is none. Under its owner's lock. */
struct late_items {
    uint64_t *places; /* sequence + 1; 0: free */
    unsigned bits;    /* there are two to the power of this places; 0: none */
    size_t count;
    uint64_t unknown; /* those that there was no memory for */
};

void late_items_add(struct late_items *late, uint64_t sequence);

/* The item has come. False: it is not late. */
bool late_items_remove(struct late_items *late, uint64_t sequence);

void late_items_destroy(struct late_items *late);

OIP_PRIVATE_END

#endif
