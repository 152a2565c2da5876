/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batons.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

void describe_threads(void)
{
    for (unsigned i = 0; i < thread_count; i++) {
        static const char *const names[] = {"unused", "runnable", "waiting", "ended"};
        const struct thread *thread = &threads[i];
        fprintf(stderr, "  thread %u%s%s: %s", i, thread->role[0] != 0 ? ", " : "", thread->role, names[thread->state]);
        if (thread->state != ENDED && thread->where != NULL) {
            fprintf(stderr, ", last step in %s:%d", thread->where, thread->line);
        }
        if (thread->state == WAITING && thread->deadline != NEVER) {
            fprintf(stderr, ", %s for %.3f us more", thread->naps ? "naps" : "timer",
                    (double)(thread->deadline - controller_now()) / 1000);
        }
        fputc('\n', stderr);
    }
}

void check_all_ended(void)
{
    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].state != ENDED) {
            describe_threads();
            controller_fail("thread %u waits for ever", i);
        }
    }
}

int controller_clock(struct timespec *time)
{
    uint64_t now = now_after(STEP_NS);
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
    /* What is over already is no wait: whoever does nothing else spins. */
    if (until > controller_now() && wait_for(word, until, "futex", operation)) {
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
    } else if (number == SYS_gettid) {
        result = thread_number();
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
    pass_on();
    return NULL;
}

/* A new one, or that of a thread which has ended and nobody joins. */
static struct thread *free_place(void)
{
    for (unsigned i = 0; i < thread_count && thread_count > MOST_THREADS / 2; i++) {
        if (threads[i].state == ENDED && threads[i].forgotten) {
            pthread_join(threads[i].real, NULL);
            sem_destroy(&threads[i].baton);
            return &threads[i];
        }
    }
    if (thread_count == MOST_THREADS) {
        controller_fail("more than %d threads", MOST_THREADS);
    }
    return &threads[thread_count++];
}

int controller_create(pthread_t *created, void *(*main)(void *), void *argument)
{
    struct thread *thread = free_place();
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
    return 0;
}

int controller_detach(pthread_t real)
{
    for (unsigned i = 0; i < thread_count; i++) {
        threads[i].forgotten = threads[i].forgotten || pthread_equal(threads[i].real, real);
    }
    return 0;
}

/* Not one that was joined before: another may have its number now. */
static struct thread *thread_called(pthread_t real)
{
    for (unsigned i = 0; i < thread_count; i++) {
        if (pthread_equal(threads[i].real, real) && !threads[i].forgotten) {
            return &threads[i];
        }
    }
    controller_fail("a thread is joined that was never created, or that nobody may join");
}

int controller_join(pthread_t real, void **result)
{
    struct thread *thread = thread_called(real);
    while (thread->state != ENDED) {
        wait_for(thread, NEVER, __func__, __LINE__);
    }
    thread->forgotten = true;
    if (result != NULL) {
        *result = thread->result;
    }
    return 0;
}

int controller_tryjoin(pthread_t real)
{
    struct thread *thread = thread_called(real);
    if (thread->state != ENDED) {
        return EBUSY;
    }
    thread->forgotten = true;
    return 0;
}

/* ------------------------------------------------------------------------------------------------- memory ---- */

static long allocations; /* one thread runs at a time */

static void *counted(void *memory)
{
    allocations += memory != NULL;
    return memory;
}

void *controller_malloc(size_t size)
{
    return counted(malloc(size));
}

void *controller_calloc(size_t count, size_t size)
{
    return counted(calloc(count, size));
}

void *controller_aligned_alloc(size_t align, size_t size)
{
    return counted(aligned_alloc(align, size));
}

void controller_free(void *memory)
{
    allocations -= memory != NULL;
    free(memory);
}

long controller_allocations(void)
{
    return allocations;
}
