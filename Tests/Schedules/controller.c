/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batons.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

bool controller_tells;

struct thread threads[MOST_THREADS];
unsigned thread_count;
_Thread_local struct thread *self;
static sem_t all_ended;
static uint64_t now;

static const char *play_name;
static const struct schedule *schedule;
static unsigned next_deviation;
static struct chance chance;
static struct trace *trace;
static uint32_t step;
static bool open_to_deviations;

_Noreturn void controller_fail(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "FAIL %s: ", play_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    schedule_print(stderr, play_name, &trace->taken);
    fflush(NULL);
    _exit(1);
}

/* AddressSanitizer calls this before it ends the process. */
void __asan_on_error(void)
{
    schedule_print(stderr, play_name, &trace->taken);
}

static void on_fault(int number)
{
    controller_fail("signal %d", number);
}

static unsigned index_of(const struct thread *thread)
{
    return (unsigned)(thread - threads);
}

static void time_out(struct thread *thread)
{
    now = thread->deadline > now ? thread->deadline : now;
    thread->timed_out = true;
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
        enum point point = (enum point)trace->point[step - 1];
        fprintf(stderr, "  step %u, %s%s%s:%d: thread %u -> %u\n", step, point != NO_POINT ? point_name(point) : "",
                point != NO_POINT ? " in " : "", function, line, index_of(self), index_of(thread));
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

/* The thread that goes on, by the schedule or by chance. */
static struct thread *deviate(struct thread *by_itself, uint8_t possible, enum point point)
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

/* One step begins. `by_itself` would go on; the thread that does, by the schedule. */
static struct thread *begin_step(struct thread *by_itself, uint64_t nanoseconds, enum point point)
{
    now += nanoseconds;
    expire();
    if (step == MOST_STEPS) {
        describe_threads();
        controller_fail("does not end: %u steps", step);
    }
    uint8_t possible = 0;
    for (unsigned i = 0; i < thread_count; i++) {
        bool could = threads[i].state == RUNNABLE || (threads[i].state == WAITING && threads[i].deadline != NEVER);
        possible |= (uint8_t)((open_to_deviations && could && &threads[i] != by_itself) << i);
    }
    trace->possible[step] = possible;
    trace->point[step] = (uint8_t)point;
    struct thread *next = deviate(by_itself, possible, point);
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

void controller_point(const char *function, int line)
{
    if (self != NULL) {
        go_on_with(begin_step(self, STEP_NS, NO_POINT), function, line);
    }
}

void controller_named_point(enum point point, const char *function, int line)
{
    if (self != NULL) {
        go_on_with(begin_step(self, 0, point), function, line);
    }
}

int controller_yield(const char *function, int line)
{
    if (self != NULL) {
        struct thread *next = next_in_turn(self);
        bool others = next != NULL && next->state == RUNNABLE;
        go_on_with(begin_step(others ? next : self, POLL_NS, NO_POINT), function, line);
    }
    return 0;
}

void controller_spend(uint64_t nanoseconds)
{
    go_on_with(begin_step(self, nanoseconds, NO_POINT), __func__, __LINE__);
}

bool wait_for(const void *awaited, uint64_t deadline, const char *function, int line)
{
    self->state = WAITING;
    self->awaits = awaited;
    self->deadline = deadline;
    self->timed_out = false;
    struct thread *next = next_in_turn(self);
    if (next == NULL) {
        describe_threads();
        controller_fail("all threads wait, thread %u the last, in %s:%d", index_of(self), function, line);
    }
    struct thread *chosen = begin_step(next, 0, NO_POINT);
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
        give_baton(begin_step(next, STEP_NS, NO_POINT));
        return;
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
    schedule = wanted;
    next_deviation = 0;
    trace = result;
    trace->taken.count = 0;
    trace->points = 0;
    chance = with;
    trace->hash = 0xcbf29ce484222325;
    step = 0;
    open_to_deviations = false;
    now = 1000000000;
    thread_count = 0;
    sem_init(&all_ended, 0, 0);
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    signal(SIGABRT, on_fault);
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
