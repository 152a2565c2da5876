/* SPDX-License-Identifier: Apache-2.0 */
/* What a program's threads are held up by: naps, which are its own, and named points of the core. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "threads.h"

#include "controller.h"

#include <sched.h>
#include <time.h>

struct disturbance free_disturbance;

static atomic_uint hold; /* 1: nobody comes back from a nap */

void controller_nap(uint64_t nanoseconds)
{
    enum { SHORT_NS = 20000, LONGEST_NS = 5000000 };
    uint64_t until = controller_now() + (nanoseconds < LONGEST_NS ? nanoseconds : LONGEST_NS);
    if (nanoseconds <= SHORT_NS) {
        while (controller_now() < until) {
        }
        return;
    }
    struct timespec time = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
    self->deadline = until;
    free_sleeps(NAPS);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0) {
    }
    while (atomic_load(&hold) != 0) {
        free_futex_await(&hold, 1, NULL);
    }
    free_goes_on();
}

void free_naps_hold(bool held)
{
    atomic_store(&hold, held);
    if (!held) {
        free_futex_wake(&hold);
    }
}

bool free_naps_are_held(void)
{
    return atomic_load(&hold) != 0;
}

/* A thread that has lost its processor between two steps of the core: until all others sleep, and have slept through
 * some timers. */
static void stand_still(void)
{
    static const unsigned patience[] = {0, 0, 1, 3, 10};
    self->patience = patience[chance_next(&self->dice, sizeof patience / sizeof *patience)];
    self->held_since = controller_now();
    atomic_store(&self->held, 1);
    free_sleeps(HELD);
    while (atomic_load(&self->held) != 0) {
        free_futex_await(&self->held, 1, NULL);
    }
    free_goes_on();
}

void free_let_go(struct thread *held)
{
    atomic_store(&held->held, 0);
    free_futex_wake(&held->held);
}

void free_point(const char *function, int line)
{
    if (self == NULL) {
        return;
    }
    free_note_step(function, line);
    if (free_disturbance.yields_in != 0 && chance_next(&self->dice, free_disturbance.yields_in) == 0) {
        sched_yield();
    }
    if (free_disturbance.holds_in != 0 && chance_next(&self->dice, free_disturbance.holds_in) == 0) {
        stand_still();
    }
}
