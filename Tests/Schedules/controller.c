/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batons.h"

#include <stdio.h>

bool controller_tells;

struct thread threads[MOST_THREADS];
unsigned thread_count;
_Thread_local struct thread *self;
static sem_t all_ended;
uint64_t now;
uint32_t step;
struct trace *trace;
const char *play_name;
static bool open_to_deviations;
static unsigned polls_in_vain; /* since somebody waited or was woken */

static void time_out(struct thread *thread)
{
    now = thread->deadline > now ? thread->deadline : now;
    thread->timed_out = true;
    thread->naps = false;
    thread->awaits = NULL;
    thread->deadline = NEVER;
    thread->state = RUNNABLE;
}

void wake_all(const void *awaited)
{
    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].state == WAITING && threads[i].awaits == awaited) {
            threads[i].state = RUNNABLE;
            threads[i].awaits = NULL;
            threads[i].deadline = NEVER;
            polls_in_vain = 0;
        }
    }
}

/* The next in turn behind `thread` that can run; where there is none, the one whose deadline comes first. */
static struct thread *next_in_turn(const struct thread *thread)
{
    struct thread *earliest = NULL;
    for (unsigned i = 1; i <= thread_count; i++) {
        struct thread *candidate = &threads[(index_of(thread) + i) % thread_count];
        if (candidate->state == RUNNABLE) {
            return candidate;
        }
        if (candidate->state == WAITING && candidate->deadline != NEVER &&
            (earliest == NULL || candidate->deadline < earliest->deadline)) {
            earliest = candidate;
        }
    }
    return earliest;
}

static void give_baton(struct thread *thread)
{
    if (thread->state == WAITING) {
        time_out(thread);
    }
    sem_post(&thread->baton);
}

void await_baton(void)
{
    while (sem_wait(&self->baton) != 0) {
    }
}

static void go_on_with(struct thread *thread, const char *function, int line)
{
    if (thread == self) {
        if (self->state == WAITING) {
            time_out(self);
        }
        return;
    }
    if (controller_tells) {
        enum point point = step <= MOST_STEPS ? (enum point)trace->point[step - 1] : NO_POINT;
        fprintf(stderr, "  step %u, %.3f us, %s%s%s:%d: thread %u (%s) -> %u (%s)\n", step, (double)now / 1000,
                point != NO_POINT ? point_name(point) : "", point != NO_POINT ? " in " : "", function, line,
                index_of(self), self->role, index_of(thread), thread->role);
    }
    give_baton(thread);
    await_baton();
}

static void expire(void)
{
    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].state == WAITING && threads[i].deadline <= now) {
            time_out(&threads[i]);
        }
    }
}

/* One step begins. `by_itself` would go on; the thread that does, by the schedule. */
static struct thread *begin_step(struct thread *by_itself, uint64_t nanoseconds, struct place place)
{
    now += nanoseconds;
    expire();
    enum point point = place.point;
    if (step == (controller_decider != NULL ? controller_decider->most_steps : MOST_STEPS)) {
        describe_threads();
        controller_fail("does not end: %u steps", step);
    }
    uint32_t runnable = 0, timed = 0;
    for (unsigned i = 0; i < thread_count; i++) {
        runnable |= (uint32_t)(threads[i].state == RUNNABLE) << i;
        timed |= (uint32_t)(threads[i].state == WAITING && threads[i].deadline != NEVER) << i;
    }
    struct thread *next;
    if (controller_decider != NULL) {
        next = decide(by_itself, runnable, timed, &place);
    } else {
        uint32_t possible = open_to_deviations ? (runnable | timed) & ~(1u << index_of(by_itself)) : 0;
        trace->possible[step] = possible;
        next = deviate(by_itself, possible, point);
    }
    if (step < MOST_STEPS) {
        trace->point[step] = (uint8_t)point;
    }
    if (point == NO_POINT) {
        trace->hash = (trace->hash ^ index_of(next)) * 0x100000001b3;
    } else if (open_to_deviations) {
        trace->points++;
        point_count(point)->passed++;
        point_count(point)->deviated += next != by_itself;
    }
    step++;
    return next;
}

static void note_place(const char *function, int line)
{
    self->where = function;
    self->line = line;
}

void controller_point(const char *function, int line)
{
    if (self != NULL) {
        note_place(function, line);
        go_on_with(begin_step(self, STEP_NS, (struct place){function, line, NO_POINT, false}), function, line);
    }
}

void controller_named_point(enum point point, const char *function, int line)
{
    if (self != NULL) {
        note_place(function, line);
        go_on_with(begin_step(self, 0, (struct place){function, line, point, false}), function, line);
    }
}

/*
 * Where all that run only poll, they do so until the next timer: under a decider they need not take all those steps.
 * Who polls where there is none is left to the limit of steps. */
static uint64_t time_of_poll(void)
{
    enum { MANY = 60 };
    polls_in_vain++;
    uint64_t next = NEVER;
    for (unsigned i = 0; controller_decider != NULL && polls_in_vain > MANY && i < thread_count; i++) {
        if (threads[i].state == WAITING && threads[i].deadline < next) {
            next = threads[i].deadline;
        }
    }
    return next != NEVER && next > now + POLL_NS ? next - now : POLL_NS;
}

int controller_yield(const char *function, int line)
{
    if (self != NULL) {
        struct thread *next = next_in_turn(self);
        bool others = next != NULL && next->state == RUNNABLE && next != self;
        note_place(function, line);
        struct place place = {function, line, NO_POINT, true};
        go_on_with(begin_step(others ? next : self, time_of_poll(), place), function, line);
    }
    return 0;
}

void controller_spend(uint64_t nanoseconds)
{
    go_on_with(begin_step(self, nanoseconds, (struct place){__func__, __LINE__, NO_POINT, false}), __func__, __LINE__);
}

uint64_t controller_now(void)
{
    return now;
}

void controller_nap(uint64_t nanoseconds)
{
    self->naps = true;
    wait_for(&self->naps, now + nanoseconds, __func__, __LINE__);
}

bool wait_for(const void *awaited, uint64_t deadline, const char *function, int line)
{
    self->state = WAITING;
    self->awaits = awaited;
    self->deadline = deadline;
    self->timed_out = false;
    polls_in_vain = 0;
    struct thread *next = next_in_turn(self);
    if (next == NULL) {
        look_at_quiet();
        describe_threads();
        controller_fail("all threads wait, thread %u the last, in %s:%d", index_of(self), function, line);
    }
    struct thread *chosen = begin_step(next, 0, (struct place){function, line, NO_POINT, false});
    go_on_with(chosen, function, line);
    return !self->timed_out;
}

uint64_t now_after(uint64_t nanoseconds)
{
    return now += nanoseconds;
}

void pass_on(void)
{
    self->state = ENDED;
    struct thread *next = next_in_turn(self);
    if (next != NULL) {
        give_baton(begin_step(next, STEP_NS, (struct place){__func__, __LINE__, NO_POINT, false}));
        return;
    }
    bool ended = true;
    for (unsigned i = 0; i < thread_count; i++) {
        ended = ended && threads[i].state == ENDED;
    }
    if (!ended) {
        look_at_quiet();
    }
    check_all_ended();
    sem_post(&all_ended);
}

void controller_begin(void)
{
    open_to_deviations = true;
}

void controller_end(void)
{
    open_to_deviations = false;
}

static void *body_main(void *argument)
{
    (*(void (**)(void))argument)();
    return NULL;
}

void controller_run(const char *play, void (*body)(void), const struct schedule *wanted, struct chance with,
                    struct trace *result)
{
    play_name = play;
    trace = result;
    trace->taken.count = 0;
    trace->points = 0;
    choice_begin(wanted, with);
    trace->hash = 0xcbf29ce484222325;
    step = 0;
    open_to_deviations = false;
    polls_in_vain = 0;
    now = 1000000000;
    thread_count = 0;
    sem_init(&all_ended, 0, 0);
    failing_begin();
    pthread_t first;
    controller_create(&first, body_main, &body);
    sem_post(&threads[0].baton);
    while (sem_wait(&all_ended) != 0) {
    }
    for (unsigned i = 0; i < thread_count; i++) {
        pthread_join(threads[i].real, NULL);
        sem_destroy(&threads[i].baton);
    }
    trace->steps = step;
}
