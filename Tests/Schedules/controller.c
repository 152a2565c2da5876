/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "controller.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STEP_NS = 10, POLL_NS = 500 };
#define NEVER UINT64_MAX

enum state { UNUSED, RUNNABLE, WAITING, ENDED };

struct thread {
    enum state state;
    const void *awaits; /* a futex word, a lock, a condition or a thread */
    uint64_t deadline;
    bool timed_out;
    sem_t baton;
    pthread_t real;
    void *(*main)(void *);
    void *argument;
    void *result;
};

bool controller_tells;

static struct thread threads[MOST_THREADS];
static unsigned thread_count;
static _Thread_local struct thread *self; /* NULL: not controlled */
static sem_t all_ended;
static uint64_t now;

static const char *play_name;
static const struct schedule *schedule;
static unsigned next_deviation;
static struct chance chance;
static struct trace *trace;
static uint32_t step;
static bool open_to_deviations;

static void print_schedule(void)
{
    fprintf(stderr, "SCHEDULE=%s", play_name);
    for (unsigned i = 0; i < trace->taken.count; i++) {
        const struct deviation *deviation = &trace->taken.deviations[i];
        fprintf(stderr, "%c%u>%u", i == 0 ? ':' : ',', deviation->step, deviation->thread);
    }
    fputc('\n', stderr);
}

_Noreturn void controller_fail(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "FAIL %s: ", play_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    print_schedule();
    fflush(NULL);
    _exit(1);
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

static void wake_all(const void *awaited)
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

static void describe_threads(void)
{
    for (unsigned i = 0; i < thread_count; i++) {
        static const char *const names[] = {"unused", "runnable", "waiting", "ended"};
        fprintf(stderr, "  thread %u: %s\n", i, names[threads[i].state]);
    }
}

static void give_baton(struct thread *thread)
{
    if (thread->state == WAITING) {
        time_out(thread);
    }
    sem_post(&thread->baton);
}

static void await_baton(void)
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
        fprintf(stderr, "  step %u, %s:%d: thread %u -> %u\n", step, function, line, index_of(self), index_of(thread));
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

uint64_t chance_next(struct chance *of, uint64_t below)
{
    of->state ^= of->state << 13;
    of->state ^= of->state >> 7;
    of->state ^= of->state << 17;
    return of->state % below;
}

/* The thread that goes on, by the schedule or by chance. */
static struct thread *deviate(struct thread *by_itself, uint8_t possible)
{
    unsigned wanted = MOST_THREADS;
    if (chance.one_in != 0) {
        if (possible != 0 && trace->taken.count < MOST_DEVIATIONS && chance_next(&chance, chance.one_in) == 0) {
            do {
                wanted = (unsigned)chance_next(&chance, thread_count);
            } while ((possible & 1u << wanted) == 0);
        }
    } else if (next_deviation < schedule->count && schedule->deviations[next_deviation].step == step) {
        wanted = schedule->deviations[next_deviation++].thread;
    }
    if (wanted >= thread_count || (possible & 1u << wanted) == 0) {
        return by_itself;
    }
    trace->taken.deviations[trace->taken.count++] = (struct deviation){step, wanted};
    return &threads[wanted];
}

/* One step begins. `by_itself` would go on; the thread that does, by the schedule. */
static struct thread *begin_step(struct thread *by_itself, uint64_t nanoseconds)
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
    struct thread *next = deviate(by_itself, possible);
    trace->hash = (trace->hash ^ index_of(next)) * 0x100000001b3;
    step++;
    return next;
}

void controller_point(const char *function, int line)
{
    if (self != NULL) {
        go_on_with(begin_step(self, STEP_NS), function, line);
    }
}

int controller_yield(const char *function, int line)
{
    if (self != NULL) {
        struct thread *next = next_in_turn(self);
        bool others = next != NULL && next->state == RUNNABLE;
        go_on_with(begin_step(others ? next : self, POLL_NS), function, line);
    }
    return 0;
}

void controller_spend(uint64_t nanoseconds)
{
    go_on_with(begin_step(self, nanoseconds), __func__, __LINE__);
}

/* Whether it was woken before the deadline. */
static bool wait_for(const void *awaited, uint64_t deadline, const char *function, int line)
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
    struct thread *chosen = begin_step(next, 0);
    go_on_with(chosen, function, line);
    return !self->timed_out;
}

int controller_clock(struct timespec *time)
{
    now += STEP_NS;
    time->tv_sec = (time_t)(now / 1000000000);
    time->tv_nsec = (long)(now % 1000000000);
    return 0;
}

static long futex(const uint32_t *word, int operation, uint32_t value, const struct timespec *deadline)
{
    controller_point("futex", operation);
    if (operation == FUTEX_WAKE_PRIVATE) {
        wake_all(word);
        return 0;
    }
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) {
        errno = EAGAIN;
        return -1;
    }
    uint64_t until = deadline == NULL ? NEVER : (uint64_t)deadline->tv_sec * 1000000000 + (uint64_t)deadline->tv_nsec;
    if (wait_for(word, until, "futex", operation)) {
        return 0;
    }
    errno = ETIMEDOUT;
    return -1;
}

long controller_syscall(long number, ...)
{
    va_list arguments;
    va_start(arguments, number);
    long result = 0; /* of membarrier, which one processor does not need */
    if (number == SYS_futex) {
        const uint32_t *word = va_arg(arguments, const uint32_t *);
        int operation = va_arg(arguments, int);
        uint32_t value = va_arg(arguments, uint32_t);
        const struct timespec *deadline = va_arg(arguments, const struct timespec *);
        result = self != NULL ? futex(word, operation, value, deadline) : 0;
    } else if (number != SYS_membarrier) {
        controller_fail("system call %ld is not known to the controller", number);
    }
    va_end(arguments);
    return result;
}

int controller_affinity(size_t size, void *set)
{
    memset(set, 0, size);
    CPU_SET_S(0, size, (cpu_set_t *)set);
    CPU_SET_S(1, size, (cpu_set_t *)set);
    return 0;
}

int controller_lock(pthread_mutex_t *mutex, const char *function, int line)
{
    if (self == NULL) {
        return pthread_mutex_lock(mutex);
    }
    controller_point(function, line);
    while (pthread_mutex_trylock(mutex) != 0) {
        wait_for(mutex, NEVER, function, line);
    }
    return 0;
}

int controller_unlock(pthread_mutex_t *mutex)
{
    int result = pthread_mutex_unlock(mutex);
    if (self != NULL) {
        wake_all(mutex);
    }
    return result;
}

int controller_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const char *function, int line)
{
    controller_unlock(mutex);
    wait_for(condition, NEVER, function, line);
    return controller_lock(mutex, function, line);
}

int controller_broadcast(pthread_cond_t *condition)
{
    wake_all(condition);
    return 0;
}

static void *thread_main(void *argument)
{
    self = argument;
    await_baton();
    self->result = self->main(self->argument);
    wake_all(self);
    self->state = ENDED;
    struct thread *next = next_in_turn(self);
    if (next != NULL) {
        next = begin_step(next, STEP_NS);
        give_baton(next);
        return NULL;
    }
    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].state != ENDED) {
            describe_threads();
            controller_fail("thread %u waits for ever", i);
        }
    }
    sem_post(&all_ended);
    return NULL;
}

int controller_create(pthread_t *created, void *(*main)(void *), void *argument)
{
    if (thread_count == MOST_THREADS) {
        controller_fail("more than %d threads", MOST_THREADS);
    }
    struct thread *thread = &threads[thread_count];
    *thread = (struct thread){.state = RUNNABLE, .deadline = NEVER, .main = main, .argument = argument};
    sem_init(&thread->baton, 0, 0);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    int error = pthread_create(&thread->real, &attributes, thread_main, thread);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        controller_fail("pthread_create: %s", strerror(error));
    }
    *created = thread->real;
    thread_count++;
    return 0;
}

int controller_join(pthread_t real, void **result)
{
    for (unsigned i = 0; i < thread_count; i++) {
        if (pthread_equal(threads[i].real, real)) {
            while (threads[i].state != ENDED) {
                wait_for(&threads[i], NEVER, __func__, __LINE__);
            }
            if (result != NULL) {
                *result = threads[i].result;
            }
            return 0;
        }
    }
    controller_fail("a thread is joined that was never created");
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
