/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "execution.h"
#include "waking.h"
#include "worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int start_thread(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *), void *argument)
{
    /* A thread inherits the mask: signals are for the program's own threads. */
    sigset_t all, old;
    sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (error != 0) {
        return fail_with(-error, "pthread_sigmask");
    }
    error = pthread_create(thread, attributes, main, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0) {
        return fail_with(-error, "pthread_create");
    }
    return 0;
}

static int bind_to_processor(pthread_attr_t *attributes, uint32_t cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return pthread_attr_setaffinity_np(attributes, sizeof set, &set);
}

/* Under the lock: starts the thread of a worker's place. */
static int start_worker(struct oip_pool *pool, uint32_t index)
{
    struct worker *worker = pool->workers[index];
    if (worker == NULL) {
        worker = aligned_alloc(_Alignof(struct worker), sizeof *worker);
        if (worker == NULL) {
            return fail_with(-ENOMEM, "oip_pool: a worker");
        }
        memset(worker, 0, sizeof *worker);
        worker->pool = pool;
        worker->index = index;
        parking_init(&worker->parking);
        pool->workers[index] = worker;
    }
    /* The place may have had a thread before. */
    worker->until_sample = WAKING_SAMPLE_EVERY;
    worker->searching = worker->wants_lookout = worker->leaves_the_rest = worker->looks_out = false;
    worker->skipped = 0;
    worker->turn = NULL;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) {
        return fail_with(-error, "pthread_attr_init");
    }
    const char *call = "pthread_attr_setstacksize";
    if (pool->stack_size != 0) {
        error = pthread_attr_setstacksize(&attributes, pool->stack_size);
    }
    if (error == 0 && pool->cpu_count != 0) {
        call = "pthread_attr_setaffinity_np";
        error = bind_to_processor(&attributes, pool->cpus[index % pool->cpu_count]);
    }
    int result;
    if (error != 0) {
        result = fail_with(-error, "%s", call);
    } else {
        atomic_fetch_add_explicit(&pool->live, 1, memory_order_relaxed);
        pool_retain(pool);
        worker->state = WORKER_RUNS;
        result = start_thread(&worker->thread, &attributes, worker_main, worker);
        if (result != 0) {
            worker->state = WORKER_NONE;
            atomic_fetch_sub_explicit(&pool->live, 1, memory_order_relaxed);
            atomic_fetch_sub_explicit(&pool->references, 1, memory_order_relaxed);
        }
    }
    pthread_attr_destroy(&attributes);
    return result;
}

/* Under the lock, which it gives up meanwhile: joins the threads that have left. */
static void join_leavers(struct oip_pool *pool)
{
    for (uint32_t i = 0; i < OIP_MAX_THREADS && pool->workers[i] != NULL; i++) {
        struct worker *worker = pool->workers[i];
        if (worker->state == WORKER_LEFT) {
            pthread_t thread = worker->thread;
            worker->state = WORKER_NONE;
            pthread_mutex_unlock(&pool->lock);
            pthread_join(thread, NULL);
            pthread_mutex_lock(&pool->lock);
        }
    }
    timekeeper_join(pool);
}

/* Asks threads to leave; each wakes the next. */
static void call_leavers(struct oip_pool *pool)
{
    while (!pool_wake(pool) && pool_awake(pool) == 0 && atomic_load(&pool->live) != 0) {
        sched_yield(); /* one is just between being awake and being parked */
    }
}

static int set_threads(struct oip_pool *pool, uint32_t threads)
{
    int result = 0;
    /* Those asked to leave before and still here count as staying first. */
    uint32_t now = pool->threads;
    while (now > threads) {
        atomic_fetch_add_explicit(&pool->leaving, 1, memory_order_seq_cst);
        now--;
    }
    if (now < pool->threads) {
        pool->threads = now;
        call_leavers(pool);
        return 0;
    }
    while (now < threads) {
        unsigned leaving = atomic_load_explicit(&pool->leaving, memory_order_seq_cst);
        if (leaving != 0) {
            if (!atomic_compare_exchange_strong_explicit(&pool->leaving, &leaving, leaving - 1, memory_order_seq_cst,
                                                         memory_order_seq_cst)) {
                continue;
            }
        } else {
            uint32_t index = 0;
            while (pool->workers[index] != NULL && pool->workers[index]->state != WORKER_NONE) {
                index++;
            }
            result = start_worker(pool, index);
            if (result != 0) {
                break;
            }
        }
        now++;
    }
    uint32_t before = pool->threads;
    pool->threads = now;
    if (result != 0 && before != 0) {
        /* As it was: the threads of this call go again. */
        char what[200];
        snprintf(what, sizeof what, "%s", oip_error_detail());
        set_threads(pool, before);
        fail_with(result, "%s", what);
    }
    return result;
}

static int check_threads(uint32_t threads)
{
    if (threads < 1 || threads > OIP_MAX_THREADS) {
        return fail_with(-EINVAL, "threads is %u, not 1 to %u", threads, OIP_MAX_THREADS);
    }
    return 0;
}

static int read_options(struct oip_pool_options *read, const struct oip_pool_options *given)
{
    memset(read, 0, sizeof *read);
    if (given != NULL) {
        if (given->size < offsetof(struct oip_pool_options, cpu_count)) {
            return fail_with(-EINVAL, "oip_pool_create: options.size is not sizeof(struct oip_pool_options)");
        }
        memcpy(read, given, given->size < sizeof *read ? given->size : sizeof *read);
    }
    if (read->threads == 0) {
        read->threads = oip_processors();
    }
    if (read->cpus == NULL) {
        read->cpu_count = 0;
    }
    for (size_t i = 0; i < read->cpu_count; i++) {
        if (read->cpus[i] >= CPU_SETSIZE) {
            return fail_with(-EINVAL, "processor %u in cpus is not below %d", read->cpus[i], CPU_SETSIZE);
        }
    }
    return check_threads(read->threads);
}

static void destroy(struct oip_pool *pool)
{
    for (uint32_t i = 0; pool->workers != NULL && i < OIP_MAX_THREADS && pool->workers[i] != NULL; i++) {
        free(pool->workers[i]);
    }
    free(pool->workers);
    free(pool->cpus);
    timekeeper_destroy(pool->timekeeper);
    run_queue_destroy(&pool->run_queue);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    free(pool);
}

void pool_retain(struct oip_pool *pool)
{
    atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
}

void pool_drop(struct oip_pool *pool)
{
    /* Release: what this thread did with the pool is before its end; acquire: the last one sees all of it. */
    if (atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) == 1) {
        destroy(pool);
    }
}

/* Under the lock: all threads are to leave. */
static void stop_threads(struct oip_pool *pool)
{
    if (!atomic_exchange_explicit(&pool->stopping, true, memory_order_seq_cst)) {
        pool->threads = 0;
        timekeeper_stop(pool);
        call_leavers(pool);
    }
}

int oip_pool_create(oip_pool **created, const struct oip_pool_options *given)
{
    if (created == NULL) {
        return fail_with(-EINVAL, "oip_pool_create: pool is NULL");
    }
    struct oip_pool_options options;
    int result = read_options(&options, given);
    if (result == 0) {
        result = prepare_process();
    }
    if (result != 0) {
        return result;
    }
    struct oip_pool *pool = aligned_alloc(_Alignof(struct oip_pool), sizeof *pool);
    if (pool == NULL) {
        return fail_with(-ENOMEM, "oip_pool_create: %zu bytes", sizeof *pool);
    }
    memset(pool, 0, sizeof *pool);
    result = run_queue_init(&pool->run_queue);
    if (result != 0) {
        goto no_queue;
    }
    result = -pthread_mutex_init(&pool->lock, NULL);
    if (result != 0) {
        fail_with(result, "pthread_mutex_init");
        goto no_lock;
    }
    result = -pthread_cond_init(&pool->changed, NULL);
    if (result != 0) {
        fail_with(result, "pthread_cond_init");
        goto no_condition;
    }
    atomic_init(&pool->wake_cost, WAKING_FIRST_GUESS_NS);
    pool->processors = oip_processors();
    pool->generation = fork_generation;
    pool->stack_size = options.stack_size;
    pool->cpu_count = options.cpu_count;
    snprintf(pool->name, sizeof pool->name, "%s", options.name != NULL ? options.name : "oip");
    atomic_init(&pool->references, 1);
    pool->workers = calloc(OIP_MAX_THREADS + 1, sizeof *pool->workers);
    pool->cpus = options.cpu_count != 0 ? malloc(options.cpu_count * sizeof *pool->cpus) : NULL;
    if (pool->workers == NULL || (options.cpu_count != 0 && pool->cpus == NULL)) {
        result = fail_with(-ENOMEM, "oip_pool_create");
        destroy(pool);
        return result;
    }
    if (options.cpu_count != 0) {
        memcpy(pool->cpus, options.cpus, options.cpu_count * sizeof *pool->cpus);
    }
    pthread_mutex_lock(&pool->lock);
    result = set_threads(pool, options.threads);
    if (result != 0) {
        stop_threads(pool);
        while (atomic_load(&pool->live) != 0) {
            pthread_cond_wait(&pool->changed, &pool->lock);
        }
        join_leavers(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    if (result != 0) {
        pool_drop(pool);
        return result;
    }
    *created = pool;
    return 0;

no_condition:
    pthread_mutex_destroy(&pool->lock);
no_lock:
    run_queue_destroy(&pool->run_queue);
no_queue:
    free(pool);
    return result;
}

uint32_t oip_pool_threads(const oip_pool *pool)
{
    struct oip_pool *inner = (struct oip_pool *)(uintptr_t)pool; /* for its lock */
    if (pool->generation != fork_generation) {
        return 0;
    }
    pthread_mutex_lock(&inner->lock);
    uint32_t threads = pool->threads;
    pthread_mutex_unlock(&inner->lock);
    return threads;
}

int oip_pool_resize(oip_pool *pool, uint32_t threads)
{
    RETURN_IF_FORKED(pool);
    int result = check_threads(threads);
    if (result != 0) {
        return result;
    }
    pthread_mutex_lock(&pool->lock);
    join_leavers(pool); /* which gives up the lock: so this comes first */
    result = pool->refusing ? -ESHUTDOWN : set_threads(pool, threads);
    pthread_mutex_unlock(&pool->lock);
    return result;
}

int pool_open(struct oip_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool refused = pool->refusing;
    pool->open += !refused;
    pthread_mutex_unlock(&pool->lock);
    return refused ? -ESHUTDOWN : 0;
}

void pool_close(struct oip_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    if (--pool->open == 0) {
        pthread_cond_broadcast(&pool->changed);
        if (pool->handle_gone) {
            stop_threads(pool);
        }
    }
    pthread_mutex_unlock(&pool->lock);
}

int oip_pool_shutdown(oip_pool *pool)
{
    RETURN_IF_FORKED(pool);
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        if (frame->pool == pool) {
            return fail_with(-EDEADLK, "oip_pool_shutdown inside a consumer or an item on the same pool");
        }
    }
    if (on_pool_thread(pool)) {
        return fail_with(-EDEADLK, "oip_pool_shutdown on a thread of the same pool");
    }
    pthread_mutex_lock(&pool->lock);
    pool->refusing = true;
    while (pool->open != 0) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    stop_threads(pool);
    while (atomic_load_explicit(&pool->live, memory_order_relaxed) != 0 || timekeeper_runs(pool)) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    join_leavers(pool);
    pthread_mutex_unlock(&pool->lock);
    return 0;
}

void oip_pool_release(oip_pool *pool)
{
    if (pool->generation != fork_generation) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->refusing = true;
    pool->handle_gone = true;
    join_leavers(pool);
    if (pool->open == 0) {
        stop_threads(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_drop(pool);
}

/* ------------------------------------------------------------------------------------------ single functions ---- */

struct job {
    struct runnable runnable;
    struct oip_pool *pool;
    void (*function)(void *argument);
    void *argument;
};

static void run_job(struct runnable *runnable, struct worker *worker)
{
    (void)worker;
    struct job *job = OIP_CONTAINER_OF(runnable, struct job, runnable);
    struct oip_pool *pool = job->pool;
    job->function(job->argument);
    run_queue_dismiss(&pool->run_queue, runnable);
    free(job);
    pool_close(pool);
}

int oip_pool_run(oip_pool *pool, void (*function)(void *argument), void *argument)
{
    RETURN_IF_FORKED(pool);
    if (function == NULL) {
        return fail_with(-EINVAL, "oip_pool_run: function is NULL");
    }
    struct job *job = malloc(sizeof *job);
    if (job == NULL) {
        return fail_with(-ENOMEM, "oip_pool_run");
    }
    job->runnable.run = run_job;
    job->runnable.forget = NULL; /* the pool does not stop before it has run */
    job->pool = pool;
    job->function = function;
    job->argument = argument;
    int result = pool_open(pool);
    if (result == 0) {
        result = run_queue_admit(&pool->run_queue, &job->runnable);
        if (result == 0) {
            run_queue_push(&pool->run_queue, &job->runnable);
            pool_wake(pool);
            return 0;
        }
        fail_with(result, "oip_pool_run: a place in the run queue");
        pool_close(pool);
    }
    free(job);
    return result;
}
