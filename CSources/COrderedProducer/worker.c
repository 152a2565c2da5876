/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include "idle.h"
#include "waking.h"

#include <stdio.h>

_Thread_local struct worker *current_worker;

bool pool_is_watched(struct oip_pool *pool)
{
    /* Sequentially consistent, after a push: pairs with park(). */
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    return idle_searching(idle) != 0 || idle_lookout(idle) != 0;
}

uint32_t pool_awake(struct oip_pool *pool)
{
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_relaxed);
    uint32_t asleep = idle_parked(idle) + (idle_lookout(idle) != 0);
    uint32_t threads = atomic_load_explicit(&pool->live, memory_order_relaxed);
    return threads > asleep ? threads - asleep : 0;
}

/* With `mark` IDLE_WANTED the thread that is woken looks for more, too. */
static bool wake(struct oip_pool *pool, uint64_t mark)
{
    /* Sequentially consistent, after a push: pairs with the swap in park(). */
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    for (;;) {
        struct worker *worker = NULL;
        uint64_t next;
        if (idle_searching(idle) != 0) {
            if ((idle & IDLE_WANTED) != 0) {
                return false;
            }
            next = idle | IDLE_WANTED;
        } else if (idle_lookout(idle) != 0) {
            worker = pool->workers[idle_lookout(idle) - 1];
            next = idle_with_lookout(idle, 0) + IDLE_SEARCHING_ONE;
        } else if (idle_top(idle) != 0) {
            worker = pool->workers[idle_top(idle) - 1];
            next = idle_with_top(idle, atomic_load_explicit(&worker->next_parked, memory_order_relaxed)) -
                   IDLE_PARKED_ONE + IDLE_SEARCHING_ONE;
        } else if (mark != 0 || (idle & IDLE_WANTED) != 0) {
            return false; /* all are awake */
        } else {
            next = idle | IDLE_WANTED; /* the next one that is about to park looks again */
        }
        next = (next | mark) + IDLE_TAG_ONE;
        if (atomic_compare_exchange_weak_explicit(&pool->idle, &idle, next, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            if (worker == NULL) {
                return false;
            }
            OIP_POINT(worker_wake);
            atomic_store_explicit(&worker->woken_at, oip_now(), memory_order_relaxed);
            parking_signal(&worker->parking);
            return true;
        }
    }
}

bool pool_wake(struct oip_pool *pool)
{
    return wake(pool, 0);
}

/* At most one thread searches of its own accord. */
static bool begin_search(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_relaxed);
    while (idle_searching(idle) == 0) {
        if (atomic_compare_exchange_weak_explicit(&pool->idle, &idle, idle + IDLE_SEARCHING_ONE + IDLE_TAG_ONE,
                                                  memory_order_seq_cst, memory_order_relaxed)) {
            worker->searching = true;
            return true;
        }
    }
    return false;
}

/* This searcher has found work. */
static void end_search(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    worker->searching = false;
    bool relied_on = worker->relied_on;
    worker->relied_on = false;
    uint64_t before = atomic_fetch_add_explicit(&pool->idle, IDLE_TAG_ONE - IDLE_SEARCHING_ONE, memory_order_seq_cst);
    if (idle_searching(before) != 1) {
        return;
    }
    bool wanted = (before & IDLE_WANTED) != 0;
    if (wanted) {
        atomic_fetch_and_explicit(&pool->idle, ~IDLE_WANTED, memory_order_seq_cst);
    } else if (!relied_on && idle_lookout(before) != 0) {
        return; /* what is left in the queue was left to the lookout */
    }
    /* Pushes that found this thread searching left it at that, and it has taken one of them. How many there are is not
     * known: each that is woken looks for the next. Where all are awake a push that wanted one is for the next that
     * parks; not so what this thread was relied on for besides, since crowded threads would call one another for ever.
     * Pairs with pool_wake() and pool_is_watched(). */
    if (!run_queue_is_empty(&pool->run_queue) && !wake(pool, IDLE_WANTED) && wanted) {
        wake(pool, 0);
    }
}

static bool must_leave(struct oip_pool *pool)
{
    if (atomic_load_explicit(&pool->stopping, memory_order_seq_cst)) {
        return true;
    }
    unsigned leaving = atomic_load_explicit(&pool->leaving, memory_order_seq_cst);
    while (leaving != 0) {
        if (atomic_compare_exchange_weak_explicit(&pool->leaving, &leaving, leaving - 1, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            return true;
        }
    }
    return false;
}

static bool somebody_must_leave(struct oip_pool *pool)
{
    return atomic_load_explicit(&pool->stopping, memory_order_seq_cst) ||
           atomic_load_explicit(&pool->leaving, memory_order_seq_cst) != 0;
}

static bool nothing_happened_since(struct oip_pool *pool, uint64_t idle)
{
    /* Sequentially consistent, after a push: pairs with wake() and park(). Each change has another tag. */
    return atomic_load_explicit(&pool->idle, memory_order_seq_cst) == idle;
}

/*
 * The lookout's timer ran out: it searches now, so that the queue stays watched; unless somebody is waking it just now.
 */
static bool step_down(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    while (idle_lookout(idle) == worker->index + 1) {
        bool searches = idle_searching(idle) == 0;
        uint64_t next = idle_with_lookout(idle, 0) + (searches ? IDLE_SEARCHING_ONE : 0) + IDLE_TAG_ONE;
        if (atomic_compare_exchange_weak_explicit(&pool->idle, &idle, next, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            worker->searching = searches;
            return true;
        }
    }
    return false;
}

/*
 * Looks once at everything in the queue: what others move is put back, the first thing that nobody does is run, and the
 * next thread is called for what is left; all of it was looked at by then. Finding nothing to run, the thread parks
 * again; for good where the queue was empty. Not so if anything happened in the pool meanwhile: somebody who was woken,
 * or who was about to park, may have found nothing in the queue, because it was in this thread's hands.
 */
static void look_out(struct worker *worker)
{
    struct run_queue *queue = &worker->pool->run_queue;
    struct runnable *runnable, *unmoved = NULL;
    bool moving = false;
    uint64_t idle = atomic_load_explicit(&worker->pool->idle, memory_order_seq_cst);
    OIP_POINT(look_out);
    atomic_store_explicit(&worker->pool->next_look, oip_now() + WAKING_LOOKOUT_NS, memory_order_relaxed);
    /* No further than what was there at first: what comes meanwhile finds this thread searching. */
    for (int left = run_queue_length(queue); left > 0 && (runnable = run_queue_pop(queue)) != NULL; left--) {
        if (!runnable_is_moving(runnable) && unmoved == NULL) {
            unmoved = runnable;
        } else {
            moving = true;
            run_queue_push(queue, runnable);
        }
    }
    if (unmoved == NULL) {
        worker->wants_lookout = moving;
        worker->leaves_the_rest = nothing_happened_since(worker->pool, idle);
        return;
    }
    if (worker->searching) {
        end_search(worker);
    } else if (moving && !pool_is_watched(worker->pool)) {
        pool_wake(worker->pool); /* whoever searched meanwhile found nothing, and has parked */
    }
    worker->looks_out = true;
    unmoved->run(unmoved, worker);
    worker->looks_out = false;
}

/* Until when a thread that becomes the lookout sleeps: threads that are woken and park again do not put it off. */
static uint64_t time_of_look(struct oip_pool *pool)
{
    uint64_t now = oip_now();
    uint64_t next = atomic_load_explicit(&pool->next_look, memory_order_relaxed);
    if (next + WAKING_LOOKOUT_NS < now || next > now + WAKING_LOOKOUT_NS) {
        next = now + WAKING_LOOKOUT_NS; /* nobody has looked out for a while */
        atomic_store_explicit(&pool->next_look, next, memory_order_relaxed);
    }
    return next;
}

static void measure_wake(struct worker *worker)
{
    uint64_t woken_at = atomic_exchange_explicit(&worker->woken_at, 0, memory_order_relaxed);
    if (woken_at != 0) {
        waking_learn(&worker->pool->wake_cost, oip_now() - woken_at);
    }
}

/*
 * Somebody wanted a thread, and left it at those that are awake. Whether it is this one that looks: one that searches,
 * or, where none does, the first that is about to park. It searches then, and calls the next one if there is more.
 */
static bool is_called(struct worker *worker, uint64_t *idle)
{
    while ((*idle & IDLE_WANTED) != 0 && (worker->searching || idle_searching(*idle) == 0)) {
        uint64_t next = (*idle & ~IDLE_WANTED) + (worker->searching ? 0 : IDLE_SEARCHING_ONE) + IDLE_TAG_ONE;
        if (atomic_compare_exchange_weak_explicit(&worker->pool->idle, idle, next, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            worker->searching = worker->relied_on = true;
            return true;
        }
    }
    return false;
}

/* Off to sleep, as the lookout or in the stack of parked threads: the idle word after that. 0: it is called. */
static uint64_t enter_stack(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    uint64_t next;
    do {
        if (is_called(worker, &idle)) {
            return 0;
        }
        if (worker->wants_lookout && idle_lookout(idle) == 0) {
            next = idle_with_lookout(idle, worker->index + 1);
        } else {
            atomic_store_explicit(&worker->next_parked, idle_top(idle), memory_order_relaxed);
            next = idle_with_top(idle, worker->index + 1) + IDLE_PARKED_ONE;
        }
        next = next + IDLE_TAG_ONE - (worker->searching ? IDLE_SEARCHING_ONE : 0);
        /* Release: next_parked, read by the waker; sequentially consistent: see pool.h. */
    } while (
        !atomic_compare_exchange_weak_explicit(&pool->idle, &idle, next, memory_order_seq_cst, memory_order_seq_cst));
    worker->searching = false;
    return next;
}

/* Sleeps until woken, as lookout or for good. */
static void park(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    uint32_t ticket = parking_ticket(&worker->parking);
    worker->skipped = 0; /* what it is woken for is not among those */
    uint64_t idle = enter_stack(worker);
    if (idle == 0) {
        return;
    }
    OIP_POINT(going_to_park);
    /* The last look: it may wake this very thread, which then waits no longer. */
    if ((idle_lookout(idle) == 0 && !run_queue_is_empty(&pool->run_queue)) || somebody_must_leave(pool)) {
        pool_wake(pool);
    }
    if (idle_lookout(idle) == worker->index + 1) {
        if (!parking_wait(&worker->parking, ticket, time_of_look(pool)) && step_down(worker)) {
            look_out(worker);
            return;
        }
    }
    parking_wait(&worker->parking, ticket, PARKING_FOREVER);
    OIP_POINT(after_park);
    worker->searching = worker->relied_on =
        true; /* counted by whoever woke, for what may not be the first in the queue */
    measure_wake(worker);
}

/* As the only searcher, polls for a moment where that has paid off and a processor is free. */
static bool search(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    if (pool->processors < 2 || pool_awake(pool) >= pool->processors) {
        return false;
    }
    for (int i = 0; i < WAKING_SEARCH_POLLS; i++) {
        oip_relax();
        if (!run_queue_is_empty(&pool->run_queue)) {
            return true;
        }
    }
    return false;
}

/* "<name>-<number>", the name cut so that both fit into what Linux shows. Only a label: its failure is no failure. */
static void name_this_thread(const struct worker *worker)
{
    char suffix[12], name[16];
    int length = snprintf(suffix, sizeof suffix, "-%u", worker->index + 1);
    snprintf(name, sizeof name, "%.*s%s", 15 - length, worker->pool->name, suffix);
    pthread_setname_np(pthread_self(), name);
}

void pool_clear_run_queue(struct oip_pool *pool)
{
    struct runnable *runnable;
    /* After the look at `stopping`, before those at the queue: pairs with the fence in run_queue_push(). */
    atomic_thread_fence(memory_order_seq_cst);
    while ((runnable = run_queue_pop(&pool->run_queue)) != NULL) {
        runnable->forget(runnable);
    }
}

/* The errand of a spare thread: runs what is queued as long as the worker sleeps in whose place it does. */
static void serve_in_place_of(void *argument)
{
    struct worker *sleeper = argument;
    struct worker *worker = current_worker;
    struct oip_pool *pool = worker->pool;
    struct runnable *runnable;
    worker->looks_out = true; /* nothing moves, or it would not have come */
    while (atomic_load_explicit(&sleeper->sleeps, memory_order_relaxed) &&
           !atomic_load_explicit(&pool->stopping, memory_order_seq_cst) &&
           (runnable = run_queue_pop(&pool->run_queue)) != NULL) {
        runnable->run(runnable, worker);
    }
    atomic_store_explicit(&sleeper->has_substitute, false, memory_order_relaxed);
}

/* Something is queued, and this worker can not run it. */
static void find_substitute(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    uint64_t idle = atomic_load_explicit(&pool->idle, memory_order_seq_cst);
    bool watched = idle_parked(idle) != 0 || idle_searching(idle) != 0 || idle_lookout(idle) != 0;
    if (!watched && !atomic_exchange_explicit(&worker->has_substitute, true, memory_order_relaxed) &&
        !pool_run_spare(pool, serve_in_place_of, worker)) {
        atomic_store_explicit(&worker->has_substitute, false, memory_order_relaxed); /* another time */
    }
}

bool pool_sleep(struct worker *worker, struct parking *place, uint32_t ticket, uint64_t until)
{
    uint64_t look = oip_now() + WAKING_LOOKOUT_NS;
    atomic_store_explicit(&worker->sleeps, true, memory_order_relaxed);
    bool signalled = parking_wait(place, ticket, until < look ? until : look);
    if (!signalled && !run_queue_is_empty(&worker->pool->run_queue)) {
        find_substitute(worker);
        signalled = parking_wait(place, ticket, oip_now() + WAKING_LOOKOUT_NS);
    }
    atomic_store_explicit(&worker->sleeps, false, memory_order_relaxed);
    return signalled;
}

/* Runs what is queued until the thread is to leave. */
static void serve(struct worker *worker)
{
    struct oip_pool *pool = worker->pool;
    for (;;) {
        struct runnable *runnable = worker->leaves_the_rest ? NULL : run_queue_pop(&pool->run_queue);
        if (runnable != NULL) {
            if (worker->searching) {
                end_search(worker);
            }
            worker->relied_on = false;
            worker->wants_lookout = true;
            runnable->run(runnable, worker);
            if (!somebody_must_leave(pool) && !worker->leaves_the_rest) {
                continue;
            }
        }
        if (must_leave(pool)) {
            break;
        }
        if (worker->leaves_the_rest) {
            worker->leaves_the_rest = false;
            park(worker);
            continue;
        }
        worker->skipped = 0;
        if (runnable == NULL && worker->relied_on && !worker->searching) {
            pool_wake(pool); /* what it wanted is in the hands of a lookout perhaps, which would put it back */
            worker->relied_on = false;
        }
        if (runnable != NULL || (!worker->searching && begin_search(worker)) || (worker->searching && search(worker))) {
            continue;
        }
        park(worker);
    }
}

void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct oip_pool *pool = worker->pool;
    pool_thread_begins(pool);
    name_this_thread(worker);
    current_worker = worker;
    if (worker->errand == NULL) {
        serve(worker);
    } else {
        worker->errand(worker->errand_argument);
    }
    OIP_POINT(worker_leaves);
    bool relied_on = worker->relied_on; /* for what is in the hands of a lookout perhaps */
    if (worker->searching) {
        end_search(worker);
    }
    if (relied_on || somebody_must_leave(pool) || !run_queue_is_empty(&pool->run_queue)) {
        pool_wake(pool);
    }
    if (atomic_load_explicit(&pool->stopping, memory_order_seq_cst)) {
        pool_clear_run_queue(pool);
    }
    current_worker = NULL;
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_sub_explicit(&pool->live, 1, memory_order_relaxed);
    worker->state = WORKER_LEFT;
    if (pool->handle_gone) {
        pthread_detach(pthread_self());
        worker->state = WORKER_NONE;
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    pool_drop(pool);
    return NULL;
}
