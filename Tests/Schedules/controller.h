/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller: runs the threads of a play one at a time, and decides at every atomic operation who is next.
 *
 * Guarantee. One play under one schedule is the same execution each time: the same steps by the same threads, with the
 * same times on the clock. An execution in which nobody can go on, or that does not end, is a failure, and a failure
 * prints the schedule that repeats it.
 *
 * How. Each thread has a baton, and only one has it. A step is an atomic operation, a named point of the core
 * (points.h), a lock, a wait or a poll; before it the thread asks whether it may go on. Without a schedule it does,
 * until it waits or polls; then the next thread in turn that can run goes on. A schedule is a list of deviations from
 * that: before step n, thread t goes on instead. Time is the controller's own: it passes by steps, and jumps to the
 * next deadline where all threads wait. A thread whose wait has a deadline can be gone on with before that, as a
 * deviation: then the time has come.
 *
 * A decider (plans.h) may take the place of schedules: it is asked at every step. And whoever has set controller_quiet
 * is told whenever no thread can go on by itself: the state of the core is then what the next timer, or nobody, finds.
 *
 * What it does not show. Steps are sequentially consistent, as on one processor: what weaker memory orders allow is
 * argued at each atomic, not tried here. Operations of Concurrency Kit are one step each.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include "schedule.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { MOST_STEPS = 40000 }; /* of an execution by a schedule */

/* What happened in an execution, as far as other schedules come from it. */
struct trace {
    uint32_t steps;
    uint32_t points;               /* steps of them that are named points */
    uint64_t hash;                 /* of who made which step; named points, which do nothing, left out */
    struct schedule taken;         /* deviations that took place */
    uint32_t possible[MOST_STEPS]; /* threads that could go on instead, a bit each */
    uint8_t point[MOST_STEPS];
};

/* Runs `body` as the first thread, until all threads have ended. Returns only where nothing failed. */
void controller_run(const char *play, void (*body)(void), const struct schedule *schedule, struct chance chance,
                    struct trace *trace);

/* Print every change of threads from now on, with the place in the source. */
extern bool controller_tells, controller_tells_steps; /* or every step */

/* A step, before it is made. */
struct moment {
    const char *function;
    int line;
    enum point point;
    uint32_t step;
    unsigned thread;   /* whose step it is; where that waits, the one that would go on by itself */
    bool polls;        /* it finds nothing to do, and asks others to go on */
    uint32_t runnable; /* threads, a bit each */
    uint32_t timed;    /* threads that wait until some time, */
    unsigned earliest; /* and whose comes first */
};

/* Chooses who goes on: one of `runnable`, or one of `timed`, and then its time has come. */
struct decider {
    unsigned (*choose)(struct decider *decider, const struct moment *moment);
    uint32_t most_steps;
};

/* NULL: executions follow schedules. */
extern struct decider *controller_decider;

/* Called whenever no thread is runnable, before the time is `until`. `timers`: some wait of the core's ends by
 * itself. */
extern void (*controller_quiet)(bool timers, uint64_t until);

/* Called before a failure ends the process, to say more. */
extern void (*controller_explain)(void);

/* For plays: deviations are tried only between these two. */
void controller_begin(void);
void controller_end(void);

/* For plays: time passes. */
void controller_spend(uint64_t nanoseconds);

/* The same on this thread, while others go on: it computes, or does nothing. */
void controller_nap(uint64_t nanoseconds);

/* What the clock shows; and what this thread is called where its state is printed. */
uint64_t controller_now(void);
void controller_role(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool controller_is(const char *role);
void controller_print_threads(void);

/* Pieces of memory that the core and the play have, and have not given back. */
long controller_allocations(void);

/* For plays: ends the process, with the sentence and the schedule. */
_Noreturn void controller_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For controlled.h. */
void controller_point(const char *function, int line);
void controller_named_point(enum point point, const char *function, int line);
int controller_yield(const char *function, int line);
int controller_clock(struct timespec *time);
long controller_syscall(long number, ...);
int controller_affinity(size_t size, void *set);
int controller_lock(pthread_mutex_t *mutex, const char *function, int line);
int controller_unlock(pthread_mutex_t *mutex);
int controller_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const char *function, int line);
int controller_broadcast(pthread_cond_t *condition);
int controller_create(pthread_t *thread, void *(*main)(void *), void *argument);
int controller_join(pthread_t thread, void **result);
int controller_tryjoin(pthread_t thread);
int controller_detach(pthread_t thread);
void *controller_malloc(size_t size);
void *controller_calloc(size_t count, size_t size);
void *controller_aligned_alloc(size_t align, size_t size);
void controller_free(void *memory);

#endif
