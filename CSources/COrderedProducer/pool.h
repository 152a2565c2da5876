/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: pthreads that take runnables off the run queue, one at a time, and park when there are none.
 *
 * Guarantee. A runnable that was pushed is popped by some thread without anybody's further help, if the pusher called
 * pool_wake() afterwards, or pool_is_watched() was true after the push: then at the latest when the lookout's timer
 * runs out. One call wakes at most one thread. No thread uses the processor while there is nothing to run.
 *
 * How. One word, `idle`, holds what wakers must know: the topmost of the stack of parked threads, how many are parked,
 * how many are searching (awake without work), whether there is a lookout, and a tag that makes each value unique.
 *   - Whoever wakes a thread takes it off the stack and counts it as searching in the same compare-and-swap, so that a
 *     second waker finds a searching thread and leaves it at that, with a mark that makes the searcher look once more
 *     before it parks. Of a burst of pushes one wakes.
 *   - At most one thread searches at a time of its own accord. A searcher that finds work stops searching, and if it
 *     was the last one and there is more in the queue it wakes the next: a chain as long as the work is worth it.
 *   - The stack is last in, first out: the thread whose cache is warmest goes first, the others sleep through.
 *   - The lookout is one parked thread with a timer. While there is one, a pusher may leave a runnable in the queue
 *     unwoken, because a wake would cost more than running it does (waking.h). When its timer runs out the lookout runs
 *     what has not moved since it looked last; finding the queue empty it goes to sleep for good. When it is to look is
 *     the pool's time, not the thread's: one that is woken and parks again does not put it off.
 *   - Where all threads are awake a waker leaves the mark, too: the next one to park looks again. So no thread parks
 *     beside what somebody called a thread for, whatever it has left to others (worker.leaves_the_rest).
 *   - A thread that sleeps in a call of the program's, inside an item, lends its place: where something is queued then
 *     and no other thread is free, a spare one is started, which serves until the sleeper wakes (pool_sleep).
 *
 * Why no push is slept through. Parking: swap `idle` (now parked), look at the run queue again, unless there is a
 * lookout, who will. Waking: push to the run queue (a full fence), read `idle`. Both sequentially consistent: the
 * parking thread finds the runnable, or the waker finds the parking thread. The tag prevents that a waker's swap
 * succeeds on a stack that was taken apart and built up again in between (ABA); it counts 2^23 changes, the swap spans
 * a few instructions.
 *
 * Life. Threads end when they were asked to (fewer threads, shutdown, nobody left who could give work), each waking the
 * next one that is to leave. They are joined by the resize or shutdown after it, or detach themselves where the handle
 * is gone. A thread has its place, one of OIP_MAX_THREADS, until it was joined: so a pool that shrinks and grows at
 * once has no more threads than places, however many are on their way out. The pool's memory is counted: handle,
 * producers, threads.
 */
#ifndef OIP_POOL_H
#define OIP_POOL_H

#include "errors.h"
#include "parking.h"
#include "run_queue.h"
#include "tenant.h"
#include "timekeeper.h"
#include "waiter.h"
#include <ordered_producer.h>

OIP_PRIVATE_BEGIN

struct frame;

/* Places of threads: of those that stay, and behind them of spare ones. */
enum { POOL_SPARES = 64, POOL_PLACES = OIP_MAX_THREADS + POOL_SPARES };

enum worker_state { WORKER_NONE = 0, WORKER_RUNS, WORKER_LEFT };

struct worker {
    OIP_ALIGNED_TO_LINE struct parking parking;
    struct oip_pool *pool;
    _Atomic uint32_t next_parked; /* index + 1 in the stack */
    uint32_t index;
    bool searching;                 /* counted in the idle word */
    bool relied_on;                 /* somebody left at it what is queued */
    bool wants_lookout;             /* ran something since it was lookout last */
    const struct frame *turn;       /* of the producer at whose turn this thread is */
    bool looks_out;                 /* its turn comes from the lookout: nothing moved */
    unsigned skipped;               /* turns in a row at which it would only have been in the way; */
    unsigned queued_behind;         /* what was queued at the first of them: one round */
    bool leaves_the_rest;           /* what is queued is in good hands: park at once */
    uint32_t until_sample;          /* items until it measures one: waking.h */
    _Atomic uint64_t woken_at;      /* by whom wakes, for the measured cost of a wake; 0: not measured */
    atomic_bool sleeps;             /* in a call of the program's: a spare thread may run what is queued meanwhile */
    atomic_bool has_substitute;     /* and does */
    void (*errand)(void *argument); /* of a spare thread: all that it does. NULL: it serves */
    void *errand_argument;
    enum worker_state state; /* under the pool's lock: whose place it is */
    pthread_t thread;
};

struct oip_pool {
    struct run_queue run_queue;
    OIP_ALIGNED_TO_LINE _Atomic uint64_t idle;
    atomic_uint live;           /* threads that run */
    atomic_uint leaving;        /* threads that are to leave */
    atomic_bool stopping;       /* all are to leave */
    _Atomic uint64_t next_look; /* oip_now() at which the lookout is to look; before now: nobody has for long */
    atomic_uint wake_cost;      /* nanoseconds from a wake to the woken thread's running, moving average */
    OIP_ALIGNED_TO_LINE uint32_t processors; /* that this process may use */
    int generation;
    struct worker **workers; /* POOL_PLACES, made when first needed, in order */

    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    uint32_t threads;        /* wanted */
    uint64_t open;           /* producers that have not ended, functions that have not returned */
    uint32_t consumers;      /* threads of consumers that are not at their end */
    pthread_t consumer_left; /* the last one that was, if it is not joined yet */
    bool has_consumer_left;
    uint32_t joining;       /* threads that somebody waits for */
    struct tenant *tenants; /* those producers; */
    struct tenant *shut;    /* and those of them that a shutdown has come by */
    bool refusing;          /* whatever would keep it running longer: the handle is gone, or */
    bool shutting;          /* a shutdown began: also items of the producers that there are */
    bool handle_gone;
    char name[16];
    size_t stack_size;
    uint32_t *cpus;
    size_t cpu_count;
    struct timekeeper *timekeeper; /* NULL until a producer has deadlines; constant from then on */
    atomic_uint references;
};

/* The worker that this thread is, or NULL. */
extern _Thread_local struct worker *current_worker;

static inline bool on_pool_thread(const struct oip_pool *pool)
{
    return current_worker != NULL && current_worker->pool == pool;
}

/* Wakes one parked thread, unless one is searching. Whether it did. */
bool pool_wake(struct oip_pool *pool);

/*
 * Runs errand(argument) on a thread that is started for it and counts as one of the pool until it has returned: for
 * what must not wait until one of the others comes back. False: no thread is to be had, or they are to leave.
 */
bool pool_run_spare(struct oip_pool *pool, void (*errand)(void *argument), void *argument);

/*
 * The worker, which is inside something, sleeps as parking_wait() does, but for no longer than a look of the lookout's.
 * If nobody has signalled it by then, and what is queued is nobody's, another thread is called for that: a parked one,
 * or a spare one that serves until the worker wakes.
 */
bool pool_sleep(struct worker *worker, struct parking *place, uint32_t ticket, uint64_t until);

/* Whether a thread will look at the run queue soon: one is searching, or there is a lookout. */
bool pool_is_watched(struct oip_pool *pool);

/* Threads that are awake. */
uint32_t pool_awake(struct oip_pool *pool);

/* Whether a thread that is running something should come back soon to leave. */
static inline bool pool_wants_threads_back(struct oip_pool *pool)
{
    return atomic_load_explicit(&pool->leaving, memory_order_relaxed) != 0;
}

/* After everything on the pool has ended: what is still queued lets go of itself. */
void pool_clear_run_queue(struct oip_pool *pool);

/* One more producer or function that keeps the pool running. -ESHUTDOWN. */
int pool_open(struct oip_pool *pool);

/* The producer is made: from now on a shutdown shuts it. -ESHUTDOWN: it has begun since pool_open(). */
int pool_enlist(struct oip_pool *pool, struct tenant *tenant);

/* It has ended. `tenant`: the producer that was enlisted; NULL: a function, or a producer that was not. */
void pool_close(struct oip_pool *pool, struct tenant *tenant);

/* The first call of each thread that is started for the pool: it cannot wait for the pool's end, nor be cancelled. */
void pool_thread_begins(const struct oip_pool *pool);

/*
 * The thread of a consumer: started; and its last call. The pool's shutdown waits for it, and joins it: what
 * the program has on it, the release function and destructors of thread-local values, has returned then. A thread that
 * leaves joins the one that left before it, so that they do not gather.
 */
int pool_start_consumer(struct oip_pool *pool, void *(*main)(void *), void *argument);
void pool_consumer_leaves(struct oip_pool *pool);

void pool_retain(struct oip_pool *pool);
void pool_drop(struct oip_pool *pool);

/* Starts a thread with all signals blocked that can wait for another. It names itself, so that it never runs
 * unnamed. */
int start_thread(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *), void *argument);

OIP_PRIVATE_END

#endif
