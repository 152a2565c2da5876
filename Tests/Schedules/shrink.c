/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves out of a failing program, and of its plan, what it also fails without. */
#include "hunt.h"

#include <string.h>

enum { TRIES = 150 };

static bool fails_alike(const struct attempt *attempt, unsigned plans, double seconds, struct failure *failure)
{
    static struct failure tried;
    if (!hunt_again(attempt, plans, seconds, &tried) || strcmp(tried.signature, failure->signature) != 0) {
        return false;
    }
    *failure = tried;
    return true;
}

static unsigned elements_of(const struct attempt *attempt, struct program *program)
{
    program_draw(program, attempt->seed);
    return program_reduce(program, attempt->gone);
}

/* Without the elements [first, first + count), if that changes anything and fails all the same. */
static void try_without(struct failure *failure, unsigned first, unsigned count)
{
    struct program before, after;
    struct attempt attempt = failure->attempt;
    elements_of(&attempt, &before);
    memset(attempt.gone + first, true, count);
    elements_of(&attempt, &after);
    if (memcmp(&before, &after, sizeof before) == 0) {
        memcpy(failure->attempt.gone, attempt.gone, sizeof attempt.gone); /* there is nothing there */
        return;
    }
    fails_alike(&attempt, TRIES, 1.5, failure);
}

static void shrink_plan(struct failure *failure)
{
    for (unsigned i = failure->attempt.plan.count; i-- > 0;) {
        struct attempt attempt = failure->attempt;
        struct plan *plan = &attempt.plan;
        plan->count--;
        memmove(&plan->changes[i], &plan->changes[i + 1], (plan->count - i) * sizeof plan->changes[0]);
        fails_alike(&attempt, 0, 1, failure);
    }
    if (failure->attempt.plan.one_in != 0) {
        struct attempt attempt = failure->attempt;
        attempt.plan.one_in = 0;
        fails_alike(&attempt, 0, 1, failure);
    }
}

void hunt_shrink(struct failure *failure, double seconds)
{
    struct program program;
    double until = hunt_now() + seconds;
    unsigned elements = elements_of(&failure->attempt, &program);
    elements = elements < MOST_GONE ? elements : MOST_GONE;
    for (unsigned size = elements / 4; size != 0 && hunt_now() < until; size = size > 1 ? size / 3 : 0) {
        for (unsigned first = 0; first < elements && hunt_now() < until; first += size) {
            unsigned count = size < elements - first ? size : elements - first;
            unsigned left = 0;
            for (unsigned i = first; i < first + count; i++) {
                left += !failure->attempt.gone[i];
            }
            if (left != 0) {
                try_without(failure, first, count);
            }
        }
    }
    shrink_plan(failure);
}
