/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

const char *ending_name(int ending)
{
    static const char *const names[ENDINGS] = {
        "stop",         "stop while asked", "stop_async", "stop_producing",
        "from an item", "from consumer",    "leaving",    "release",
    };
    return names[ending];
}

const char *face_name(int face)
{
    static const char *const names[FACES] = {"thread", "attached", "sink", "loop", "shared loop", "nobody"};
    return names[face];
}

struct plan draw_plan(uint64_t seed, uint64_t number)
{
    static const size_t windows[] = {1, 2, 3, 5, 8, 16, 64, 300, 1000, 4096};
    static const size_t sizes[] = {16, 16, 48, 256};
    static const int failures[] = {0, 0, 150, 9};
    struct plan plan = {.dice = {seed * 1000003u + number}};
    struct dice *dice = &plan.dice;
    plan.face = (enum face)below(dice, FACES);
    if (plan.face == NOBODY && !chance(dice, 3)) {
        plan.face = THREAD;
    }
    plan.ending = (enum ending)below(dice, ENDINGS);
    bool own_handle = plan.face == ATTACHED || plan.face == LOOP || plan.face == SHARED_LOOP;
    if (plan.ending == BY_RELEASE && own_handle) {
        plan.ending = BY_STOP_PRODUCING; /* the consumer is another user of the handle */
    }
    if (plan.face == NOBODY) {
        /* Callers wait for room that nobody makes, until production ends. */
        plan.ending = chance(dice, 2) ? BY_STOP_WHILE_ASKED : BY_STOP_PRODUCING;
    }
    plan.weight = (enum weight)(chance(dice, 12) ? HEAVY : below(dice, 2));
    plan.window = windows[below(dice, 10)];
    plan.width = chance(dice, 2) ? 0 : 1 + (uint32_t)below(dice, 3);
    plan.policy = (enum oip_failure_policy)below(dice, 3);
    plan.wait = (enum oip_wait_strategy)(chance(dice, 30) ? OIP_WAIT_SPIN : below(dice, 2));
    plan.no_assist = chance(dice, 3);
    plan.by_call = chance(dice, 5);
    plan.payload_size = plan.by_call ? 16 : sizes[below(dice, 4)];
    plan.payload_align = chance(dice, 3) && !plan.by_call ? 64 : 16;
    plan.early = plan.face != NOBODY && chance(dice, 2);
    plan.nests = chance(dice, 4);
    plan.deadlines = chance(dice, 3);
    plan.observed = chance(dice, 2);
    plan.failures_in = plan.by_call ? 0 : failures[below(dice, 4)];
    plan.callers = 1 + below(dice, CALLERS_MOST);
    for (int i = 0; i < plan.callers; i++) {
        plan.counts[i] = below(dice, chance(dice, 4) ? ITEMS_MOST : 60);
        plan.total += plan.counts[i];
    }
    plan.mark = below(dice, plan.total + 1);
    return plan;
}
