/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine charges for the things that handing items from thread to thread is made of. Each figure is the
 * median of several tries; a table in Markdown. Linux, two processors at least.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench_clock.h"

enum { TRIES = 9, LINE = 64 };

static _Alignas(LINE) _Atomic uint64_t ball;
static _Alignas(LINE) _Atomic uint64_t returned;
static _Alignas(LINE) atomic_bool stopped;

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void report(const char *what, double (*measure)(void))
{
    double times[TRIES];
    for (int i = 0; i < TRIES; i++)
        times[i] = measure();
    qsort(times, TRIES, sizeof times[0], ascending);
    printf("| %s | %.3g | %.3g–%.3g |\n", what, times[TRIES / 2], times[0], times[TRIES - 1]);
    fflush(stdout);
}

#define PER_STEP(steps, statement)                                                                                     \
    do {                                                                                                               \
        int64_t start = bench_now();                                                                                   \
        for (uint64_t i = 0; i < (steps); i++)                                                                         \
            statement;                                                                                                 \
        return (double)(bench_now() - start) / (double)(steps);                                                        \
    } while (0)

static double exchange(void)
{
    PER_STEP(5000000, atomic_exchange(&ball, i));
}

static double fence(void)
{
    PER_STEP(5000000, {
        atomic_thread_fence(memory_order_seq_cst);
        __asm__ volatile("" ::: "memory"); /* or a compiler makes one of all */
    });
}

static double look_at_clock(void)
{
    PER_STEP(1000000, bench_now());
}

static double yield(void)
{
    PER_STEP(300000, sched_yield());
}

static double membarrier_alone(void)
{
    PER_STEP(20000, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

/* Runs `other` in a second thread while `measure` is measured. */
static double beside(void *(*other)(void *), double (*measure)(void))
{
    pthread_t thread;
    atomic_store(&stopped, false);
    atomic_store(&ball, 0);
    atomic_store(&returned, 0);
    if (pthread_create(&thread, NULL, other, NULL) != 0) {
        fputs("machine-costs: a thread cannot be started\n", stderr);
        exit(1);
    }
    double time = measure();
    atomic_store(&stopped, true);
    pthread_join(thread, NULL);
    return time;
}

static void *run(void *unused)
{
    while (!atomic_load_explicit(&stopped, memory_order_relaxed))
        ;
    return unused;
}

static double membarrier_beside_another(void)
{
    return beside(run, membarrier_alone);
}

static void *give_back(void *unused)
{
    uint64_t seen = 0;
    while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
        uint64_t now = atomic_load_explicit(&ball, memory_order_acquire);
        if (now != seen)
            atomic_store_explicit(&returned, seen = now, memory_order_release);
    }
    return unused;
}

static double there_and_back(void)
{
    enum { ROUNDS = 200000 };
    int64_t start = bench_now();
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        atomic_store_explicit(&ball, i, memory_order_release);
        while (atomic_load_explicit(&returned, memory_order_acquire) != i)
            ;
    }
    return (double)(bench_now() - start) / ROUNDS / 2;
}

static double line_hand_over(void)
{
    return beside(give_back, there_and_back);
}

static atomic_uint bell;

static void ring(unsigned value)
{
    atomic_store(&bell, value);
    syscall(SYS_futex, &bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void sleep_until(unsigned value)
{
    unsigned now;
    while ((now = atomic_load(&bell)) != value)
        syscall(SYS_futex, &bell, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
}

static void *answer(void *unused)
{
    for (unsigned i = 1;; i += 2) {
        sleep_until(i);
        if (atomic_load(&stopped))
            return unused;
        ring(i + 1);
    }
}

static double wake(void)
{
    enum { ROUNDS = 2000 };
    pthread_t thread;
    atomic_store(&stopped, false);
    atomic_store(&bell, 0);
    if (pthread_create(&thread, NULL, answer, NULL) != 0)
        exit(1);
    int64_t start = bench_now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        ring(2 * i + 1);
        sleep_until(2 * i + 2);
    }
    double time = (double)(bench_now() - start) / ROUNDS / 2;
    atomic_store(&stopped, true);
    ring(2 * ROUNDS + 1);
    pthread_join(thread, NULL);
    return time;
}

enum { BLOCK = 48, BLOCKS = 1024, ALLOCATIONS = 1000000 };

static double allocate_and_free(void)
{
    static void *blocks[8];
    PER_STEP(ALLOCATIONS, {
        free(blocks[i % 8]);
        blocks[i % 8] = malloc(BLOCK);
    });
}

/* A ring of blocks: one thread allocates, the other frees. */
static _Atomic(void *) blocks[BLOCKS];

static void *free_all(void *unused)
{
    for (uint64_t i = 0; i < ALLOCATIONS; i++) {
        void *block;
        while ((block = atomic_load_explicit(&blocks[i % BLOCKS], memory_order_acquire)) == NULL)
            ;
        free(block);
        atomic_store_explicit(&blocks[i % BLOCKS], NULL, memory_order_release);
    }
    return unused;
}

static double allocate_all(void)
{
    PER_STEP(ALLOCATIONS, {
        while (atomic_load_explicit(&blocks[i % BLOCKS], memory_order_acquire) != NULL)
            ;
        void *block = malloc(BLOCK);
        *(volatile char *)block = 1;
        atomic_store_explicit(&blocks[i % BLOCKS], block, memory_order_release);
    });
}

static double allocate_here_free_there(void)
{
    return beside(free_all, allocate_all);
}

int main(void)
{
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        fputs("machine-costs: two processors are needed\n", stderr);
        return 2;
    }
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    puts("| what | ns, median | lowest–highest |\n|---|---:|---:|");
    report("a locked exchange of a line that is here", exchange);
    report("a full fence", fence);
    report("a look at the clock", look_at_clock);
    report("a yield with nobody else to run", yield);
    report("a cache line to another processor, one way", line_hand_over);
    report("membarrier, no other thread running", membarrier_alone);
    report("membarrier, a thread running on another processor", membarrier_beside_another);
    report("a futex wake, until the sleeper runs", wake);
    report("48 bytes allocated and freed in one thread", allocate_and_free);
    report("48 bytes allocated here and freed there, through a bare ring", allocate_here_free_there);
    return 0;
}
