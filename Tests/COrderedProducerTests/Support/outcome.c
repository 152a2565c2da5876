/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include "check.h"

#include <stdlib.h>

void outcome_begin(struct outcome *outcome, enum oip_failure_policy policy, uint64_t most)
{
    *outcome = (struct outcome){.policy = policy, .most = most, .lowest = UINT64_MAX};
    outcome->given = calloc(most, sizeof *outcome->given);
    outcome->missing = calloc(most, sizeof *outcome->missing);
    CHECK(outcome->given != NULL && outcome->missing != NULL);
}

void outcome_add(struct outcome *outcome, uint64_t sequence, bool failed)
{
    outcome->requested++;
    if (sequence == UINT64_MAX) {
        CHECK(!failed);
        return;
    }
    CHECK(sequence < outcome->most && !outcome->given[sequence]); /* nobody else has it */
    outcome->given[sequence] = true;
    if (failed) {
        outcome->failures++;
        outcome->missing[sequence] = true;
        outcome->lowest = sequence < outcome->lowest ? sequence : outcome->lowest;
    }
}

void outcome_leave_out(struct outcome *outcome, uint64_t sequence)
{
    outcome_add(outcome, sequence, false);
    outcome->missing[sequence] = true;
}

void outcome_end(struct outcome *outcome)
{
    free(outcome->given);
    free(outcome->missing);
}

void check_order(const struct outcome *outcome, const struct delivery *delivery, bool whole)
{
    bool skips = outcome->policy == OIP_SKIP || outcome->lowest > outcome->requested;
    uint64_t end = skips ? outcome->requested : outcome->lowest, place = 0;
    for (uint64_t sequence = 0; sequence < end; sequence++) {
        if (outcome->missing[sequence]) {
            continue;
        }
        if (place == delivery->count) {
            CHECK(!whole);
            break;
        }
        CHECK_EQUAL(delivery->order[place], sequence);
        place++;
    }
    CHECK_EQUAL(place, delivery->count);
}

void check_statistics(const struct outcome *outcome, const struct delivery *delivery, oip_producer *producer)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(producer, &statistics), 0);
    CHECK_EQUAL(statistics.requested, outcome->requested);
    CHECK_EQUAL(statistics.delivered, delivery->count);
    CHECK_EQUAL(statistics.failed, outcome->failures);
    CHECK_EQUAL(statistics.skipped, outcome->policy == OIP_SKIP ? outcome->failures : 0);
    CHECK_EQUAL(statistics.delivered + statistics.failed + statistics.discarded, outcome->requested);
    CHECK_EQUAL(statistics.running + statistics.finished_waiting + statistics.outstanding, 0);
    CHECK_EQUAL(statistics.head, outcome->requested);
}

/* How many items below `end` had something to deliver. */
static uint64_t count_below(const struct outcome *outcome, uint64_t end)
{
    uint64_t count = 0;
    for (uint64_t sequence = 0; sequence < end; sequence++) {
        count += !outcome->missing[sequence];
    }
    return count;
}

bool check_failure(const struct outcome *outcome, const struct delivery *delivery, oip_producer *producer, bool whole)
{
    uint64_t sequence = 0;
    int code = 0;
    if (oip_failure(producer, &sequence, &code) != 1) {
        CHECK(!whole || outcome->policy == OIP_SKIP || outcome->failures == 0);
        return false;
    }
    if (code == SINK_CODE) {
        CHECK(delivery->to_sink && delivery->count > 0);
        CHECK_EQUAL(sequence, delivery->order[delivery->count - 1]);
        return false;
    }
    CHECK(outcome->policy != OIP_SKIP);
    CHECK_EQUAL(code, item_code(sequence));
    if (outcome->policy == OIP_FAIL_FAST) {
        CHECK(sequence < outcome->most && outcome->missing[sequence]); /* whichever was the first */
    } else {
        CHECK_EQUAL(sequence, outcome->lowest);
        CHECK_EQUAL(count_below(outcome, outcome->lowest), delivery->count);
    }
    return true;
}

void check_fates(int index, const struct fates *fates)
{
    if (fates->failures + fates->deliveries + fates->inputs_discarded + fates->outputs_discarded != fates->accepted) {
        check_failed(
            __FILE__, __LINE__,
            "item %d (accepted: %d, begun: %d): %d failures, %d deliveries, %d inputs and %d outputs discarded", index,
            fates->accepted, fates->begun, fates->failures, fates->deliveries, fates->inputs_discarded,
            fates->outputs_discarded);
    }
}
