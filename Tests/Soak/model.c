/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a production must have come to. The model is the list of sequences 0, 1, 2 …: what arrived is that list without
 * the failed items (skip), up to the lowest failure (otherwise), or a beginning of it where production ended at once.
 */
#include "production.h"
#include "tally.h"

#include <stdlib.h>

struct outcome {
    uint64_t requested, failures, lowest; /* lowest failing sequence; UINT64_MAX: none */
    bool *failed;                         /* by sequence */
};

static struct outcome account(struct production *production)
{
    int count = production->plan.total + EXTRAS;
    struct outcome outcome = {0, 0, UINT64_MAX, calloc((size_t)count, sizeof(bool))};
    bool *seen = calloc((size_t)count, sizeof *seen);
    CHECK(outcome.failed != NULL && seen != NULL);
    for (int i = 0; i < count; i++) {
        struct item *item = &production->items[i];
        uint64_t sequence = atomic_load(&item->sequence);
        if (!atomic_load(&item->accepted)) {
            CHECK_EQUAL(atomic_load(&item->begun), 0);
            continue;
        }
        outcome.requested++;
        if (sequence != UINT64_MAX) {
            CHECK(sequence < (uint64_t)count && !seen[sequence]); /* nobody else has it */
            seen[sequence] = true;
        }
        if (atomic_load(&item->failed)) {
            outcome.failures++;
            outcome.failed[sequence] = true;
            outcome.lowest = sequence < outcome.lowest ? sequence : outcome.lowest;
        }
    }
    free(seen);
    return outcome;
}

/* A caller's own items are in its order. */
static void check_callers(const struct production *production)
{
    int index = 0;
    for (int c = 0; c < production->plan.callers; c++) {
        uint64_t last = UINT64_MAX;
        for (int end = index + production->plan.counts[c]; index < end; index++) {
            uint64_t sequence = atomic_load(&production->items[index].sequence);
            if (sequence != UINT64_MAX) {
                CHECK(last == UINT64_MAX || last < sequence);
                last = sequence;
            }
        }
    }
}

static void check_order(struct production *production, const struct outcome *outcome, bool whole)
{
    uint64_t delivered = (uint64_t)atomic_load(&production->delivered);
    bool skips = production->plan.policy == OIP_SKIP || outcome->lowest > outcome->requested;
    uint64_t end = skips ? outcome->requested : outcome->lowest, place = 0;
    for (uint64_t sequence = 0; sequence < end; sequence++) {
        if (outcome->failed[sequence]) {
            continue;
        }
        if (place == delivered) {
            CHECK(!whole);
            break;
        }
        CHECK_EQUAL(production->order[place], sequence);
        place++;
    }
    CHECK_EQUAL(place, delivered);
}

static void check_statistics(struct production *production, const struct outcome *outcome)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(production->producer, &statistics), 0);
    CHECK_EQUAL(statistics.requested, outcome->requested);
    CHECK_EQUAL(statistics.delivered, atomic_load(&production->delivered));
    CHECK_EQUAL(statistics.failed, outcome->failures);
    CHECK_EQUAL(statistics.skipped, production->plan.policy == OIP_SKIP ? outcome->failures : 0);
    CHECK_EQUAL(statistics.delivered + statistics.failed + statistics.discarded, outcome->requested);
    CHECK_EQUAL(statistics.running + statistics.finished_waiting + statistics.outstanding, 0);
    CHECK_EQUAL(statistics.head, outcome->requested);
}

static void check_failure(struct production *production, const struct outcome *outcome, bool whole)
{
    enum oip_failure_policy policy = production->plan.policy;
    uint64_t sequence = 0, delivered = (uint64_t)atomic_load(&production->delivered);
    int code = 0;
    bool reported = oip_failure(production->producer, &sequence, &code) == 1;
    if (reported && code == 77) { /* the sink's own */
        CHECK_EQUAL(production->plan.face, SINK);
        CHECK_EQUAL(sequence, production->order[delivered - 1]);
    } else if (reported) {
        CHECK(policy != OIP_SKIP);
        CHECK_EQUAL(sequence, outcome->lowest);
        CHECK_EQUAL(code, 500 + (int)(sequence % 7));
        CHECK(policy == OIP_FAIL_FAST || outcome->lowest == delivered);
        count_one(&tally.by_failure);
    } else {
        CHECK(!whole || policy == OIP_SKIP || outcome->failures == 0);
    }
}

void check_against_model(struct production *production)
{
    const struct plan *plan = &production->plan;
    struct outcome outcome = account(production);
    bool stopped = plan->ending == BY_STOP || plan->ending == BY_STOP_ASYNC || plan->ending == BY_STOP_WHILE_ASKED;
    bool whole = production->started && stopped && (plan->policy != OIP_FAIL_FAST || outcome.failures == 0);
    check_callers(production);
    check_order(production, &outcome, whole);
    check_statistics(production, &outcome);
    check_failure(production, &outcome, whole);
    free(outcome.failed);
}

void check_fates(struct production *production)
{
    int count = production->plan.total + EXTRAS;
    int accepted = 0, delivered = 0, failed = 0, discarded = 0;
    for (int i = 0; i < count; i++) {
        struct item *item = &production->items[i];
        int inputs = atomic_load(&item->inputs_discarded), outputs = atomic_load(&item->outputs_discarded);
        int fates = atomic_load(&item->failed) + atomic_load(&item->delivered) + inputs + outputs;
        if (fates != atomic_load(&item->accepted)) {
            check_failed(__FILE__, __LINE__,
                         "item %d (accepted: %d, begun: %d): %d failures, %d deliveries, %d inputs and %d outputs "
                         "discarded",
                         i, atomic_load(&item->accepted), atomic_load(&item->begun), atomic_load(&item->failed),
                         atomic_load(&item->delivered), inputs, outputs);
        }
        accepted += atomic_load(&item->accepted);
        delivered += atomic_load(&item->delivered);
        failed += atomic_load(&item->failed);
        discarded += inputs + outputs;
    }
    CHECK_EQUAL(delivered, atomic_load(&production->delivered));
    count_more(&tally.items, (unsigned)accepted);
    count_more(&tally.delivered, (unsigned)delivered);
    count_more(&tally.failed, (unsigned)failed);
    count_more(&tally.discarded, (unsigned)discarded);
}
