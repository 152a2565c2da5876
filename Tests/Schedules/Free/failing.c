/* SPDX-License-Identifier: Apache-2.0 */
/* What the controller is for plays and programs, where nothing is controlled: time, memory, and how one fails. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "threads.h"

#include "controller.h"
#include "free_hunt.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void (*controller_explain)(void);

static void explain(void)
{
    free_print_how_to_repeat(stderr);
    if (controller_explain != NULL) {
        controller_explain();
    }
}

/* The first one tells; what others find meanwhile comes of that. */
_Noreturn void controller_fail(const char *format, ...)
{
    static atomic_bool failing;
    static _Thread_local bool is_here;
    if (is_here) {
        _exit(1); /* in telling */
    }
    is_here = true;
    while (atomic_exchange(&failing, true)) {
        pause();
    }
    free_gate_shut(true);
    va_list arguments;
    fprintf(stderr, "FAIL program: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    explain();
    fflush(NULL);
    free_give_up();
}

/* The sanitizers call these before they end the process. */
void __asan_on_error(void)
{
    explain();
}

void __tsan_on_report(void *report)
{
    (void)report;
    free_print_how_to_repeat(stderr);
}

static void on_fault(int number)
{
    controller_fail("signal %d", number);
}

void free_failing_begin(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    signal(SIGABRT, on_fault);
}

void controller_role(const char *format, ...)
{
    if (self != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(self->role, sizeof self->role, format, arguments);
        va_end(arguments);
    }
}

bool controller_is(const char *role)
{
    return self != NULL && strcmp(self->role, role) == 0;
}

static int by_time(const void *one, const void *other)
{
    uint64_t a = (*(const struct step *const *)one)->time, b = (*(const struct step *const *)other)->time;
    return (a > b) - (a < b);
}

/* What the threads did last, all together. */
static void print_steps(unsigned count)
{
    enum { LAST = 100 };
    static const struct step *all[MOST_FREE_THREADS * LAST_STEPS];
    size_t steps = 0;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < LAST_STEPS && j < free_threads[i].step_count; j++) {
            all[steps++] = &free_threads[i].steps[j];
        }
    }
    uint64_t now = controller_now();
    qsort(all, steps, sizeof *all, by_time);
    for (size_t i = steps > LAST ? steps - LAST : 0; i < steps; i++) {
        unsigned thread = (unsigned)(((const char *)all[i] - (const char *)free_threads) / sizeof *free_threads);
        fprintf(stderr, "  %.3f us before: thread %u, %s, ", (double)(now - all[i]->time) / 1000, thread,
                free_threads[thread].role);
        if (all[i]->line == 0) {
            fprintf(stderr, "%s\n", all[i]->where);
        } else {
            fprintf(stderr, "%s:%d\n", all[i]->where, all[i]->line);
        }
    }
}

void controller_print_threads(void)
{
    static const char *const names[] = {"runs",  "leaves a wait", "waits for a lock",
                                        "waits", "waits",         "waits for a thread",
                                        "naps",  "stands still",  "has ended"};
    unsigned count = atomic_load(&free_thread_count);
    count = count < MOST_FREE_THREADS ? count : MOST_FREE_THREADS;
    print_steps(count);
    for (unsigned i = 0; i < count; i++) {
        const struct thread *thread = &free_threads[i];
        enum doing doing = atomic_load(&thread->doing);
        fprintf(stderr, "  thread %u, %s: %s", i, thread->role, names[doing]);
        if ((doing == SLEEPS || doing == NAPS) && thread->deadline != NEVER) {
            fprintf(stderr, ", %.3f us more", ((double)thread->deadline - (double)controller_now()) / 1000);
        }
        fputc('\n', stderr);
    }
}

uint64_t controller_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ------------------------------------------------------------------------------------------------- memory ---- */

static atomic_long allocations;

static void *counted(void *memory)
{
    atomic_fetch_add_explicit(&allocations, memory != NULL, memory_order_relaxed);
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
    atomic_fetch_sub_explicit(&allocations, memory != NULL, memory_order_relaxed);
    free(memory);
}

long controller_allocations(void)
{
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}
