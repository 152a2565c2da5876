/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring between two threads: the physical limit of handing items from one core to another. Each side keeps the other's
 * index as it last saw it and looks again only when that is used up (Lamport's ring with cached indices).
 *
 * The receiver spins, each thread pinned to a core of its own; or, for paced requests, it sleeps on a futex whenever
 * the ring is empty, and the kernel places the threads. The requester spins where the ring is full in both.
 */
#define _GNU_SOURCE
#include "subjects.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
    uint64_t *slots;
    uint64_t mask;
    uint64_t window;
    struct bench_receiver *receiver;
    bool parks;
    int cpu;                                /* of the receiver; -1: any */
    _Alignas(64) atomic_uint_fast64_t tail; /* items given; release by the requester, acquire by the receiver */
    _Alignas(64) atomic_uint_fast64_t head; /* items taken; release by the receiver, acquire by the requester */
    _Alignas(64) atomic_uint parked;        /* the futex word: 1 while the receiver sleeps or is about to */
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void pin(int cpu)
{
    if (cpu < 0)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* The first two processors that this process may use, or -1 where it has one only. */
static void choose_cpus(int chosen[2])
{
    cpu_set_t allowed;
    int found = 0;
    chosen[0] = chosen[1] = -1;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
        if (CPU_ISSET(cpu, &allowed))
            chosen[found++] = cpu;
}

/* Sleeps unless there is an item after `taken`. */
static void park(struct ring *ring, uint64_t taken)
{
    atomic_store_explicit(&ring->parked, 1, memory_order_relaxed);
    /* Pairs with the fence in give(): either we see the item, or the requester sees that we are parked. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&ring->tail, memory_order_relaxed) == taken)
        syscall(SYS_futex, &ring->parked, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    atomic_store_explicit(&ring->parked, 0, memory_order_relaxed);
}

static void *receive(void *argument)
{
    struct ring *ring = argument;
    uint64_t seen = 0;
    pin(ring->cpu);
    for (uint64_t i = 0; i < ring->receiver->items; i++) {
        while (seen == i) {
            seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
            if (seen != i)
                break;
            if (ring->parks)
                park(ring, i);
            else
                relax();
        }
        uint64_t result = ring->slots[i & ring->mask];
        atomic_store_explicit(&ring->head, i + 1, memory_order_release);
        bench_receive(ring->receiver, result);
    }
    return NULL;
}

static void give(struct ring *ring, uint64_t index, uint64_t *room_until, uint64_t result)
{
    while (index >= *room_until) {
        *room_until = atomic_load_explicit(&ring->head, memory_order_acquire) + ring->window;
        if (index >= *room_until)
            relax();
    }
    ring->slots[index & ring->mask] = result;
    atomic_store_explicit(&ring->tail, index + 1, memory_order_release);
    if (!ring->parks)
        return;
    /* Pairs with the fence in park(). */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&ring->parked, memory_order_relaxed) != 0) {
        atomic_store_explicit(&ring->parked, 0, memory_order_relaxed);
        syscall(SYS_futex, &ring->parked, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static int pass(const struct bench_job *job, struct bench_receiver *receiver, bool parks)
{
    uint64_t slots = 1;
    while (slots < job->window)
        slots *= 2;
    struct ring ring = {.mask = slots - 1, .window = job->window, .receiver = receiver, .parks = parks, .cpu = -1};
    ring.slots = calloc(slots, sizeof *ring.slots);
    if (ring.slots == NULL)
        return -ENOMEM;

    cpu_set_t before;
    int cpus[2] = {-1, -1};
    if (sched_getaffinity(0, sizeof before, &before) == 0 && !parks)
        choose_cpus(cpus);
    ring.cpu = cpus[1];
    pthread_t thread;
    int result = pthread_create(&thread, NULL, receive, &ring);
    if (result != 0) {
        free(ring.slots);
        return -result;
    }
    pin(cpus[0]);

    uint64_t room_until = job->window;
    bench_begin(receiver);
    for (uint64_t i = 0; i < job->items; i++) {
        bench_pace(receiver, i);
        give(&ring, i, &room_until, bench_item(job, i));
    }
    pthread_join(thread, NULL);
    if (cpus[0] >= 0)
        pthread_setaffinity_np(pthread_self(), sizeof before, &before);
    free(ring.slots);
    return 0;
}

int bench_spsc_spinning(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                        struct bench_outcome *outcome)
{
    (void)state;
    (void)outcome;
    return pass(job, receiver, false);
}

int bench_spsc_parked(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                      struct bench_outcome *outcome)
{
    (void)state;
    (void)outcome;
    return pass(job, receiver, true);
}
