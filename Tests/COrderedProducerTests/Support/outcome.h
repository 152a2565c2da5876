/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a random production must have come to, by a plain sequential model: the list of sequences 0, 1, 2 …. What
 * arrived is that list without the failed items (skip), up to the lowest failure (otherwise), or a beginning of it
 * where production ended at once.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <ordered_producer.h>
#include <stdbool.h>

/* The code with which a sink fails, and the one that an item fails with. */
enum { SINK_CODE = 77 };

static inline int item_code(uint64_t sequence)
{
    return 500 + (int)(sequence % 7);
}

/* What was accepted, and which of it failed. */
struct outcome {
    enum oip_failure_policy policy;
    uint64_t most; /* so many items there may be */
    uint64_t requested, failures;
    uint64_t lowest;       /* failing sequence; UINT64_MAX: none */
    bool *given, *missing; /* by sequence; missing: failed or left out */
};

void outcome_begin(struct outcome *outcome, enum oip_failure_policy policy, uint64_t most);

/* Adds an accepted item; UINT64_MAX: nobody said its sequence, and it did not fail. */
void outcome_add(struct outcome *outcome, uint64_t sequence, bool failed);

/* Adds one that was accepted, whose place is empty: it was overtaken, and its substitute left it out. */
void outcome_leave_out(struct outcome *outcome, uint64_t sequence);

void outcome_end(struct outcome *outcome);

/* What the consumer got. */
struct delivery {
    uint64_t count;
    const uint64_t *order; /* sequences */
    bool to_sink;          /* which may fail with SINK_CODE */
};

/* What arrived is the model's list; a beginning of it suffices unless production was `whole`. */
void check_order(const struct outcome *outcome, const struct delivery *delivery, bool whole);

/* What a producer that has ended says of itself. */
void check_statistics(const struct outcome *outcome, const struct delivery *delivery, oip_producer *producer);

/* The same of its failure. Whether it says that an item failed. */
bool check_failure(const struct outcome *outcome, const struct delivery *delivery, oip_producer *producer, bool whole);

/* How often each thing happened to one item. */
struct fates {
    int accepted, begun;
    int failures, deliveries, inputs_discarded, outputs_discarded;
};

/* An item that was accepted ended in exactly one way, any other in none. */
void check_fates(int index, const struct fates *fates);

#endif
