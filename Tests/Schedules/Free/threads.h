/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of a program that runs free, the library's among them: what each is doing, in a word that it writes
 * itself.
 *
 * The gate. A thread that comes out of a wait says that it leaves, and then looks at the gate; whoever looks at the
 * threads shuts the gate, and then reads their words. Both are sequentially consistent, so a thread whose word says
 * that it sleeps cannot go on before the gate is opened again. Once each was seen asleep behind a shut gate, none runs,
 * and all that they share stands still.
 *
 * Asleep, and not woken. A thread that was woken may need a while to come out of its wait. A futex word has another
 * value then, because the core changes it before it wakes; whoever wakes those who wait for a condition says so in
 * their records; a thread that has ended says so in its own. */
#ifndef FREE_THREADS_H
#define FREE_THREADS_H

#include "schedule.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { MOST_FREE_THREADS = 256, LAST_STEPS = 32 };
#define NEVER UINT64_MAX

enum doing {
    RUNS,
    LEAVES, /* a wait: it is, or will be, at the gate */
    LOCKS,
    SLEEPS, /* on a futex */
    AWAITS, /* a condition */
    JOINS,
    NAPS, /* the program's own time: it computes, or does nothing */
    HELD, /* at a named point of the core, until all others sleep */
    ENDED
};

struct thread {
    _Atomic enum doing doing;
    atomic_uint passes; /* how often it has left a wait */
    /* What it waits for: written before its word says that it does. */
    const uint32_t *word; /* SLEEPS */
    uint32_t expected;
    uint64_t deadline; /* SLEEPS, NAPS; NEVER: none */
    _Atomic(const void *) condition;
    atomic_bool woken;
    struct thread *joined;
    atomic_uint held;  /* 0: it may go on */
    unsigned patience; /* how often all others sleep before it may: the probe's */
    uint64_t held_since;
    /* For whoever reads of it. */
    char role[24];
    struct step {
        uint64_t time;
        const char *where;
        int line;        /* 0: it begins to wait, or goes on */
    } steps[LAST_STEPS]; /* in a ring */
    unsigned step_count;
    _Atomic pthread_t real;
    void *(*main)(void *);
    void *argument;
    struct chance dice;
};

extern struct thread free_threads[MOST_FREE_THREADS];
extern atomic_uint free_thread_count;
extern _Thread_local struct thread *self; /* NULL: the probe */

/* What of a program's threads is left to chance. */
struct disturbance {
    uint64_t seed;
    uint32_t yields_in, holds_in; /* at one named point of so many; 0: at none */
};

extern struct disturbance free_disturbance;

/* Forgets all threads: none is there. */
void free_threads_begin(const struct disturbance *disturbance);

/* The gate. For good: where something failed, so that what is printed stands still. */
void free_gate_shut(bool for_good);
void free_gate_open(void);

/* disturbing.c: while this is so nobody comes back from a nap. */
void free_naps_hold(bool hold);
bool free_naps_are_held(void);

void free_let_go(struct thread *held);

/* Until all threads sleep, probably, or so much time is over. */
void free_await_poke(uint64_t nanoseconds);

/* Whatever the program does counts. */
extern atomic_ullong free_progress;

/* This thread begins to wait, as its record says; it comes out of that, and passes the gate. */
void free_sleeps(enum doing doing);
void free_goes_on(void);

/* For whoever reads of it. */
void free_note_step(const char *where, int line);

/* The probe's own, and the gate's: not the core's. */
void free_futex_await(atomic_uint *word, unsigned value, const struct timespec *timeout);
void free_futex_wake(atomic_uint *word);

/* For free.h. */
void free_point(const char *function, int line);
long free_syscall(long number, ...);
int free_lock(pthread_mutex_t *mutex, const char *function, int line);
int free_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const char *function, int line);
int free_broadcast(pthread_cond_t *condition);
int free_create(pthread_t *created, const pthread_attr_t *attributes, void *(*main)(void *), void *argument);
int free_join(pthread_t thread, void **result, const char *function, int line);

#endif
