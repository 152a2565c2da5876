/* SPDX-License-Identifier: Apache-2.0 */
/* Who goes on at a step: by a schedule, by chance, or as a decider says. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batons.h"

#include <stdio.h>

bool controller_tells_steps;
struct decider *controller_decider;
void (*controller_quiet)(bool timers, uint64_t until);

static const struct schedule *schedule;
static unsigned next_deviation;
static struct chance chance;

void choice_begin(const struct schedule *wanted, struct chance with)
{
    schedule = wanted;
    next_deviation = 0;
    chance = with;
}

/* The thread that goes on, by the schedule or by chance. */
struct thread *deviate(struct thread *by_itself, uint32_t possible, enum point point)
{
    unsigned wanted = MOST_THREADS;
    if (chance.one_in != 0) {
        bool may = possible != 0 && trace->taken.count < MOST_DEVIATIONS && (!chance.at_points || point != NO_POINT);
        if (may && chance_next(&chance, chance.one_in) == 0) {
            do {
                wanted = (unsigned)chance_next(&chance, thread_count);
            } while ((possible & 1u << wanted) == 0);
        }
    } else if (next_deviation < schedule->count && schedule->deviations[next_deviation].step == step) {
        const struct deviation *deviation = &schedule->deviations[next_deviation++];
        if (deviation->point != NO_POINT && deviation->point != point) {
            controller_fail("step %u is not at %s: the schedule is of other sources", step,
                            point_name(deviation->point));
        }
        wanted = deviation->thread;
    }
    if (wanted >= thread_count || (possible & 1u << wanted) == 0) {
        return by_itself;
    }
    trace->taken.deviations[trace->taken.count++] = (struct deviation){step, wanted, point};
    return &threads[wanted];
}

/* Nobody can go on: what is the state of things? */
void look_at_quiet(void)
{
    uint64_t until = NEVER;
    bool timers = false;
    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].state == WAITING && threads[i].deadline != NEVER) {
            until = threads[i].deadline < until ? threads[i].deadline : until;
            timers = timers || !threads[i].naps;
        }
    }
    if (controller_quiet != NULL) {
        controller_quiet(timers, until);
    }
}

static unsigned earliest_of(uint32_t timed)
{
    unsigned earliest = MOST_THREADS;
    for (; timed != 0; timed &= timed - 1) {
        unsigned i = (unsigned)__builtin_ctz(timed);
        if (earliest == MOST_THREADS || threads[i].deadline < threads[earliest].deadline) {
            earliest = i;
        }
    }
    return earliest;
}

struct thread *decide(struct thread *by_itself, uint32_t runnable, uint32_t timed, const struct place *place)
{
    if (runnable == 0) {
        look_at_quiet();
    }
    if (controller_tells_steps) {
        fprintf(stderr, "    step %u, %.3f us, thread %u (%s): %s:%d\n", step, (double)now / 1000, index_of(self),
                self->role, place->function, place->line);
    }
    struct moment moment = {.function = place->function,
                            .line = place->line,
                            .point = place->point,
                            .step = step,
                            .thread = index_of(self->state == RUNNABLE ? self : by_itself),
                            .polls = place->polls,
                            .runnable = runnable,
                            .timed = timed,
                            .earliest = earliest_of(timed)};
    return &threads[controller_decider->choose(controller_decider, &moment)];
}
