/* SPDX-License-Identifier: Apache-2.0 */
/* A production's account against the model that it shares with random_test.c, and what it adds to the run's. */
#include "production.h"
#include "tally.h"

static void account(struct outcome *outcome, struct production *production)
{
    for (int i = 0; i < production->plan.total + EXTRAS; i++) {
        struct item *item = &production->items[i];
        if (atomic_load(&item->accepted) && was_left_out(item)) {
            outcome_leave_out(outcome, atomic_load(&item->sequence));
        } else if (atomic_load(&item->accepted)) {
            outcome_add(outcome, atomic_load(&item->sequence), has_failed(item));
        } else {
            CHECK_EQUAL(atomic_load(&item->begun), 0);
        }
    }
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

void check_against_model(struct production *production)
{
    const struct plan *plan = &production->plan;
    struct delivery delivery = {(uint64_t)atomic_load(&production->delivered), production->order, plan->face == SINK};
    struct outcome outcome;
    outcome_begin(&outcome, plan->policy, (uint64_t)(plan->total + EXTRAS));
    account(&outcome, production);
    bool stopped = plan->ending == BY_STOP || plan->ending == BY_STOP_ASYNC || plan->ending == BY_STOP_WHILE_ASKED;
    bool whole = production->started && stopped && (plan->policy != OIP_FAIL_FAST || outcome.failures == 0);
    check_callers(production);
    check_order(&outcome, &delivery, whole);
    check_statistics(&outcome, &delivery, production->producer);
    if (check_failure(&outcome, &delivery, production->producer, whole)) {
        count_one(&tally.by_failure);
    }
    outcome_end(&outcome);
}

void check_accounts(struct production *production)
{
    int accepted = 0, delivered = 0, failed = 0, discarded = 0;
    for (int i = 0; i < production->plan.total + EXTRAS; i++) {
        struct item *item = &production->items[i];
        struct fates fates = fates_of(item);
        check_fates(i, &fates);
        accepted += fates.accepted;
        delivered += fates.deliveries;
        failed += fates.failures;
        discarded += fates.inputs_discarded + fates.outputs_discarded;
    }
    CHECK_EQUAL(delivered, atomic_load(&production->delivered));
    check_events(production);
    count_more(&tally.items, (unsigned)accepted);
    count_more(&tally.delivered, (unsigned)delivered);
    count_more(&tally.failed, (unsigned)failed);
    count_more(&tally.discarded, (unsigned)discarded);
}
