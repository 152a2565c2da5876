/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "threads.h"

#include "controller.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SHUT = 1, FOR_GOOD };

struct thread free_threads[MOST_FREE_THREADS];
atomic_uint free_thread_count;
_Thread_local struct thread *self;
atomic_ullong free_progress;

static atomic_uint gate; /* SHUT, FOR_GOOD; 0: open */
static atomic_int awake; /* a hint: it orders nothing */
static atomic_uint poked;

void free_futex_await(atomic_uint *word, unsigned value, const struct timespec *timeout)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0);
}

void free_futex_wake(atomic_uint *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void free_threads_begin(const struct disturbance *wanted)
{
    free_disturbance = *wanted;
    memset(free_threads, 0, sizeof free_threads);
    atomic_store(&free_thread_count, 0);
    atomic_store(&awake, 0);
    atomic_store(&gate, 0);
    free_naps_hold(false);
}

/* ------------------------------------------------------------------------------------- to sleep, and back ---- */

/* Relaxed: it is a hint, and threads must not be ordered by it that the core does not order. */
static void one_less_is_awake(void)
{
    if (atomic_fetch_sub_explicit(&awake, 1, memory_order_relaxed) == 1) {
        atomic_store_explicit(&poked, 1, memory_order_relaxed);
        free_futex_wake(&poked);
    }
}

void free_note_step(const char *where, int line)
{
    self->steps[self->step_count++ % LAST_STEPS] = (struct step){controller_now(), where, line};
}

void free_sleeps(enum doing doing)
{
    static const char *const names[] = {
        [SLEEPS] = "sleeps", [AWAITS] = "waits", [JOINS] = "joins a thread", [NAPS] = "naps", [HELD] = "stands still"};
    free_note_step(names[doing], 0);
    atomic_store(&self->doing, doing);
    one_less_is_awake();
}

/* Sequentially consistent, the word before the gate: see threads.h. */
void free_goes_on(void)
{
    int saved = errno;
    atomic_store(&self->doing, LEAVES);
    atomic_fetch_add_explicit(&awake, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&self->passes, 1, memory_order_relaxed);
    unsigned shut;
    while ((shut = atomic_load(&gate)) != 0) {
        free_futex_await(&gate, shut, NULL);
    }
    atomic_store(&self->doing, RUNS);
    free_note_step("goes on", 0);
    errno = saved;
}

void free_gate_shut(bool for_good)
{
    unsigned open = 0;
    if (for_good) {
        atomic_store(&gate, FOR_GOOD);
    } else {
        atomic_compare_exchange_strong(&gate, &open, SHUT);
    }
}

void free_gate_open(void)
{
    unsigned shut = SHUT;
    atomic_compare_exchange_strong(&gate, &shut, 0);
    free_futex_wake(&gate);
}

void free_await_poke(uint64_t nanoseconds)
{
    struct timespec timeout = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    if (atomic_load_explicit(&poked, memory_order_relaxed) == 0) {
        free_futex_await(&poked, 0, &timeout);
    }
    atomic_store_explicit(&poked, 0, memory_order_relaxed);
}

/* --------------------------------------------------------------------------------------------------- waits ---- */

long free_syscall(long number, ...)
{
    long with[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++) {
        with[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    bool waits = number == SYS_futex && (int)with[1] == FUTEX_WAIT_BITSET_PRIVATE && self != NULL;
    if (waits) {
        const struct timespec *until = (const struct timespec *)with[3];
        self->word = (const uint32_t *)with[0];
        self->expected = (uint32_t)with[2];
        self->deadline = until != NULL ? (uint64_t)until->tv_sec * 1000000000 + (uint64_t)until->tv_nsec : NEVER;
        free_sleeps(SLEEPS);
    }
    long result = syscall(number, with[0], with[1], with[2], with[3], with[4], with[5]);
    if (waits) {
        free_goes_on();
    }
    return result;
}

int free_lock(pthread_mutex_t *mutex, const char *function, int line)
{
    if (self == NULL || pthread_mutex_trylock(mutex) != 0) {
        if (self != NULL) {
            free_note_step(function, line);
            atomic_store(&self->doing, LOCKS);
        }
        pthread_mutex_lock(mutex);
        if (self != NULL) {
            atomic_store(&self->doing, RUNS);
        }
    }
    return 0;
}

int free_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const char *function, int line)
{
    atomic_store(&self->condition, condition);
    atomic_store(&self->woken, false);
    free_note_step(function, line);
    free_sleeps(AWAITS);
    int result = pthread_cond_wait(condition, mutex);
    free_goes_on();
    return result;
}

/* Under the lock, which whoever waits had when it said so. */
int free_broadcast(pthread_cond_t *condition)
{
    unsigned count = atomic_load(&free_thread_count);
    for (unsigned i = 0; i < count; i++) {
        struct thread *thread = &free_threads[i];
        if (atomic_load_explicit(&thread->condition, memory_order_relaxed) == condition) {
            atomic_store(&thread->woken, true);
        }
    }
    return pthread_cond_broadcast(condition);
}

/* ------------------------------------------------------------------------------------------------- threads ---- */

static void *thread_main(void *argument)
{
    self = argument;
    atomic_store(&self->real, pthread_self()); /* whoever joins it may know it from here, or from whoever creates it */
    void *result = self->main(self->argument);
    atomic_store(&self->doing, ENDED);
    one_less_is_awake();
    return result;
}

int free_create(pthread_t *created, const pthread_attr_t *attributes, void *(*main)(void *), void *argument)
{
    /* Whatever is not filled in yet: it runs, as its word says. */
    unsigned number = atomic_fetch_add(&free_thread_count, 1);
    if (number >= MOST_FREE_THREADS) {
        controller_fail("more than %d threads", MOST_FREE_THREADS);
    }
    struct thread *thread = &free_threads[number];
    thread->main = main;
    thread->argument = argument;
    thread->dice.state = (free_disturbance.seed + number + 1) * 0x9E3779B97F4A7C15u | 1;
    atomic_fetch_add_explicit(&awake, 1, memory_order_relaxed);
    int error = pthread_create(created, attributes, thread_main, thread);
    if (error != 0) {
        atomic_store(&thread->doing, ENDED);
        one_less_is_awake();
    } else {
        atomic_store(&thread->real, *created);
    }
    return error;
}

/* The newest of this name: an older one has ended. */
static struct thread *find(pthread_t real)
{
    for (unsigned i = atomic_load(&free_thread_count); i-- > 0;) {
        if (pthread_equal(atomic_load(&free_threads[i].real), real)) {
            return &free_threads[i];
        }
    }
    controller_fail("a thread is joined that was never created");
}

int free_join(pthread_t real, void **result, const char *function, int line)
{
    if (self == NULL) {
        return pthread_join(real, result);
    }
    self->joined = find(real);
    free_note_step(function, line);
    free_sleeps(JOINS);
    int error = pthread_join(real, result);
    free_goes_on();
    return error;
}
