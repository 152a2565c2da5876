/* SPDX-License-Identifier: Apache-2.0 */
#include "held_run.h"

OIP_COLD bool held_run_settle(struct held_run *run, uint64_t sequence, pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    atomic_store_explicit(&run->revoked, false, memory_order_relaxed);
    bool mine = sequence < atomic_load_explicit(&run->end, memory_order_relaxed);
    pthread_mutex_unlock(lock);
    return mine;
}

uint64_t held_run_steal(struct held_run *run, uint64_t most, uint64_t *first, pthread_mutex_t *lock)
{
    uint64_t stolen = 0;
    pthread_mutex_lock(lock);
    if (held_run_waits(run)) {
        if (!atomic_load_explicit(&run->revoked, memory_order_relaxed)) {
            atomic_store_explicit(&run->revoked, true, memory_order_relaxed);
            heavy_fence(); /* pairs with the light one in held_run_next() */
        }
        OIP_POINT(steal);
        uint64_t end = atomic_load_explicit(&run->end, memory_order_acquire); /* pairs with held_run_begin() */
        uint64_t begun = atomic_load_explicit(&run->begun, memory_order_relaxed);
        stolen = begun < end ? end - begun : 0;
        if (stolen > most) {
            stolen = most;
        }
        if (stolen != 0) {
            *first = end - stolen;
            atomic_store_explicit(&run->end, end - stolen, memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(lock);
    return stolen;
}

void held_runs_init(struct held_runs *held)
{
    atomic_init(&held->taken, 1);
}

struct held_run *held_runs_take(struct held_runs *held)
{
    unsigned taken = atomic_load_explicit(&held->taken, memory_order_relaxed);
    for (;;) {
        unsigned index = 1;
        while (index < HELD_RUNS && (taken & 1u << index) != 0) {
            index++;
        }
        if (index == HELD_RUNS) {
            return NULL;
        }
        /* Acquire: what the last user wrote; pairs with held_runs_return(). */
        if (atomic_compare_exchange_weak_explicit(&held->taken, &taken, taken | 1u << index, memory_order_acquire,
                                                  memory_order_relaxed)) {
            return &held->runs[index];
        }
    }
}

void held_runs_return(struct held_runs *held, struct held_run *run)
{
    /* Release: pairs with held_runs_take(). */
    atomic_fetch_and_explicit(&held->taken, ~(1u << (run - held->runs)), memory_order_release);
}

bool held_runs_wait(const struct held_runs *held)
{
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        if (held_run_waits(&held->runs[i])) {
            return true;
        }
    }
    return false;
}

uint64_t held_runs_length(const struct held_runs *held)
{
    uint64_t length = 0;
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        uint64_t begun = atomic_load_explicit(&held->runs[i].begun, memory_order_relaxed);
        uint64_t end = atomic_load_explicit(&held->runs[i].end, memory_order_relaxed);
        length += begun < end ? end - begun : 0;
    }
    return length;
}

bool held_runs_are_stuck(struct held_runs *held)
{
    bool stuck = false;
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        struct held_run *run = &held->runs[i];
        uint64_t begun = atomic_load_explicit(&run->begun, memory_order_relaxed);
        /* Relaxed: a guess, and lookouts come one at a time. */
        uint64_t before = atomic_exchange_explicit(&run->begun_at_lookout, begun, memory_order_relaxed);
        stuck = stuck || (held_run_waits(run) && begun == before);
    }
    return stuck;
}

bool held_runs_stand_still(const struct held_runs *held)
{
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        const struct held_run *run = &held->runs[i];
        if (held_run_waits(run) && atomic_load_explicit(&run->begun, memory_order_relaxed) ==
                                       atomic_load_explicit(&run->begun_at_lookout, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

static bool stands_still(const struct held_run *run, uint64_t patience_ns)
{
    uint64_t begun = atomic_load_explicit(&run->begun, memory_order_relaxed);
    uint64_t since = patience_ns != 0 ? oip_now() : 0;
    while (held_run_waits(run) && atomic_load_explicit(&run->begun, memory_order_relaxed) == begun) {
        if (patience_ns == 0 || oip_now() - since >= patience_ns) {
            return true;
        }
        oip_relax();
    }
    return false;
}

struct held_run *held_runs_find(struct held_runs *held, uint64_t patience_ns)
{
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        if (stands_still(&held->runs[i], patience_ns)) {
            return &held->runs[i];
        }
    }
    return NULL;
}

bool held_runs_steal(struct held_runs *held, uint64_t *sequence, pthread_mutex_t *lock)
{
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        if (held_run_steal(&held->runs[i], 1, sequence, lock) != 0) {
            return true;
        }
    }
    return false;
}
