/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller's two halves share: controller.c decides who goes on at a step, controlled.c is what the core's
 * calls of the system become: waits, wakes, locks, threads and time. */
#ifndef BATONS_H
#define BATONS_H

#include "controller.h"

#include <semaphore.h>

enum { STEP_NS = 10, POLL_NS = 500 };
#define NEVER UINT64_MAX

enum state { UNUSED, RUNNABLE, WAITING, ENDED };

struct thread {
    enum state state;
    const void *awaits; /* a futex word, a lock, a condition or a thread */
    uint64_t deadline;
    bool timed_out;
    bool forgotten;    /* joined or detached: where it has ended, its place is for another */
    bool naps;         /* what it waits for is the play's own time, not a timer of the core's */
    const char *where; /* its last step */
    int line;
    char role[24]; /* for whoever reads of it */
    sem_t baton;
    pthread_t real;
    void *(*main)(void *);
    void *argument;
    void *result;
};

extern struct thread threads[MOST_THREADS];
extern unsigned thread_count;
extern _Thread_local struct thread *self; /* NULL: not controlled */

extern uint64_t now;  /* what the clock shows */
extern uint32_t step; /* the next one's number */
extern struct trace *trace;
extern const char *play_name;

static inline unsigned index_of(const struct thread *thread)
{
    return (unsigned)(thread - threads);
}

/* Where a step is made, and how. */
struct place {
    const char *function;
    int line;
    enum point point;
    bool polls;
};

/* choice.c: who goes on, where `by_itself` would; `possible`, `runnable` and `timed` are sets of threads. */
void choice_begin(const struct schedule *schedule, struct chance chance);
struct thread *deviate(struct thread *by_itself, uint32_t possible, enum point point);
struct thread *decide(struct thread *by_itself, uint32_t runnable, uint32_t timed, const struct place *place);
void look_at_quiet(void); /* nobody can go on */

/* failing.c */
void failing_begin(void);

/* So much time passes: what the clock shows then. */
uint64_t now_after(uint64_t nanoseconds);

/* This thread waits, until somebody wakes whoever awaits this. Whether that was before the deadline. */
bool wait_for(const void *awaited, uint64_t deadline, const char *function, int line);
void wake_all(const void *awaited);

/* Until this thread is gone on with for the first time. */
void await_baton(void);

/* This thread has ended: another goes on. */
void pass_on(void);

/* Of this thread, from 1 on. */
long thread_number(void);

void describe_threads(void);
void check_all_ended(void);

#endif
