/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include "arguments.h"
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
    /* A thread inherits the mask: signals are for the program's own threads. But for those that the kernel raises for
     * what a thread itself did (and abort() for its caller): where they are blocked it ends the process at once, and
     * the program's crash handler is not called. */
    static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked, old;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        sigdelset(&blocked, own[i]);
    }
    int error = pthread_sigmask(SIG_SETMASK, &blocked, &old);
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

/* Under the lock: starts the thread of a worker's place, for good or for one errand. */
static int start_worker(struct oip_pool *pool, uint32_t index, void (*errand)(void *argument), void *argument)
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
    worker->searching = worker->relied_on = worker->wants_lookout = worker->leaves_the_rest = worker->looks_out = false;
    worker->skipped = 0;
    worker->turn = NULL;
    worker->errand = errand;
    worker->errand_argument = argument;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) {
        return fail_with(-error, "pthread_attr_init");
    }
    const char *call = "oip_pool_create: stack_size: pthread_attr_setstacksize";
    if (pool->stack_size != 0) {
        error = pthread_attr_setstacksize(&attributes, pool->stack_size);
    }
    if (error == 0 && pool->cpu_count != 0) {
        call = "oip_pool_create: cpus: pthread_attr_setaffinity_np";
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

/* Under the lock, which it gives up meanwhile. Not cancelled: that would leave the pool locked. */
static void await_change(struct oip_pool *pool)
{
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    pthread_cond_wait(&pool->changed, &pool->lock);
    pthread_setcancelstate(before, NULL);
}

/* Likewise. */
static void join(struct oip_pool *pool, pthread_t thread)
{
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    pool->joining++;
    pthread_mutex_unlock(&pool->lock);
    pthread_join(thread, NULL);
    pthread_mutex_lock(&pool->lock);
    pool->joining--;
    pthread_cond_broadcast(&pool->changed);
    pthread_setcancelstate(before, NULL);
}

/* Under the lock, which it gives up meanwhile: joins the threads that have left. Whether there were any. */
static bool join_leavers(struct oip_pool *pool)
{
    bool some = false;
    for (uint32_t i = 0; i < POOL_PLACES; i++) {
        struct worker *worker = pool->workers[i];
        if (worker != NULL && worker->state == WORKER_LEFT) {
            worker->state = WORKER_NONE;
            some = true;
            join(pool, worker->thread);
        }
    }
    if (pool->has_consumer_left) {
        pool->has_consumer_left = false;
        join(pool, pool->consumer_left);
    }
    pthread_t keeper;
    if (timekeeper_take_left(pool, &keeper)) {
        join(pool, keeper);
    }
    return some;
}

/* Under the lock: those who have left, and would be joined, go by themselves. */
static void detach_leavers(struct oip_pool *pool)
{
    for (uint32_t i = 0; i < POOL_PLACES; i++) {
        struct worker *worker = pool->workers[i];
        if (worker != NULL && worker->state == WORKER_LEFT) {
            worker->state = WORKER_NONE;
            pthread_detach(worker->thread);
        }
    }
    if (pool->has_consumer_left) {
        pool->has_consumer_left = false;
        pthread_detach(pool->consumer_left);
    }
    pthread_t keeper;
    if (timekeeper_take_left(pool, &keeper)) {
        pthread_detach(keeper);
    }
}

/* The pool that this thread was started for; NULL: none. To its very end. */
static _Thread_local const struct oip_pool *thread_of;

void pool_thread_begins(const struct oip_pool *pool)
{
    thread_of = pool;
    /* It would end in the middle of an item, and leave everybody waiting. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

int pool_start_consumer(struct oip_pool *pool, void *(*main)(void *), void *argument)
{
    pool_retain(pool);
    pthread_mutex_lock(&pool->lock);
    pool->consumers++;
    pthread_mutex_unlock(&pool->lock);
    pthread_t thread;
    int result = start_thread(&thread, NULL, main, argument);
    if (result != 0) {
        pthread_mutex_lock(&pool->lock);
        pool->consumers--;
        pthread_cond_broadcast(&pool->changed);
        pthread_mutex_unlock(&pool->lock);
        pool_drop(pool); /* never the last: the producer's */
    }
    return result;
}

void pool_consumer_leaves(struct oip_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool joins = pool->has_consumer_left;
    pthread_t before = pool->consumer_left;
    pool->consumer_left = pthread_self();
    pool->has_consumer_left = !pool->handle_gone;
    if (pool->handle_gone) {
        pthread_detach(pthread_self());
    }
    pool->consumers--;
    pthread_cond_broadcast(&pool->changed);
    if (joins) {
        join(pool, before);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_drop(pool);
}

/* Asks threads to leave; each wakes the next. */
static void call_leavers(struct oip_pool *pool)
{
    while (!pool_wake(pool) && pool_awake(pool) == 0 && atomic_load(&pool->live) != 0) {
        /* One was awake at the first look, and is parked at the second: the next wakes it. */
    }
}

/* Under the lock: so many fewer are to stay. */
static void dismiss_threads(struct oip_pool *pool, uint32_t count)
{
    pool->threads -= count;
    atomic_fetch_add_explicit(&pool->leaving, count, memory_order_seq_cst);
    call_leavers(pool);
}

/* Under the lock: one that was asked to leave stays after all. False: each of those has begun to leave. */
static bool keep_leaver(struct oip_pool *pool)
{
    unsigned leaving = atomic_load_explicit(&pool->leaving, memory_order_seq_cst);
    while (leaving != 0) {
        if (atomic_compare_exchange_weak_explicit(&pool->leaving, &leaving, leaving - 1, memory_order_seq_cst,
                                                  memory_order_seq_cst)) {
            return true;
        }
    }
    return false;
}

/* The first place from `index` on that no thread has; `end`: there is none before it. */
static uint32_t find_place(const struct oip_pool *pool, uint32_t index, uint32_t end)
{
    while (index < end && pool->workers[index] != NULL && pool->workers[index]->state != WORKER_NONE) {
        index++;
    }
    return index;
}

/*
 * Under the lock, which it may give up meanwhile. Only the number of threads that stay is bounded by the call's
 * argument; those that are leaving still have their places, and where these are all of the rest, a new thread waits for
 * one of them to be gone. That takes no longer than their way out: they run nothing any more.
 */
static int add_threads(struct oip_pool *pool, uint32_t threads)
{
    while (pool->threads < threads) {
        if (pool->refusing) {
            return -ESHUTDOWN;
        }
        if (!keep_leaver(pool)) {
            uint32_t index = find_place(pool, 0, OIP_MAX_THREADS);
            if (index == OIP_MAX_THREADS) {
                if (!join_leavers(pool)) {
                    await_change(pool);
                }
                continue;
            }
            int result = start_worker(pool, index, NULL, NULL);
            if (result != 0) {
                return result;
            }
        }
        pool->threads++;
    }
    return 0;
}

/*
 * Under the lock: makes the places of spare threads free that have ended. Waits for none: what is still on its way out
 * may be inside a destructor of the user's, and the thread that keeps time calls this.
 */
static void free_spare_places(struct oip_pool *pool)
{
    for (uint32_t i = OIP_MAX_THREADS; i < POOL_PLACES; i++) {
        struct worker *worker = pool->workers[i];
        if (worker != NULL && worker->state == WORKER_LEFT && pthread_tryjoin_np(worker->thread, NULL) == 0) {
            worker->state = WORKER_NONE;
        }
    }
}

bool pool_run_spare(struct oip_pool *pool, void (*errand)(void *argument), void *argument)
{
    pthread_mutex_lock(&pool->lock);
    free_spare_places(pool);
    uint32_t index = find_place(pool, OIP_MAX_THREADS, POOL_PLACES);
    bool starts = !atomic_load_explicit(&pool->stopping, memory_order_seq_cst) && index != POOL_PLACES &&
                  start_worker(pool, index, errand, argument) == 0;
    pthread_mutex_unlock(&pool->lock);
    return starts;
}

/* Under the lock, which it may give up meanwhile: then others may set another number, and the last one wins. */
static int set_threads(struct oip_pool *pool, uint32_t threads)
{
    uint32_t before = pool->threads;
    int result = add_threads(pool, threads);
    /* Where it failed as it was: the threads of this call go again. */
    uint32_t most = result == 0 ? threads : before;
    if (pool->threads > most) {
        dismiss_threads(pool, pool->threads - most);
    }
    return result;
}

static int check_threads(uint32_t threads, const char *function)
{
    if (threads < 1 || threads > OIP_MAX_THREADS) {
        return fail_with(-EINVAL, "%s: threads is %u, not 1 to %u", function, threads, OIP_MAX_THREADS);
    }
    return 0;
}

static int check_cpus(const uint32_t *cpus, size_t count)
{
    if (cpus == NULL && count != 0) {
        return fail_with(-EINVAL, "oip_pool_create: cpu_count is %zu, but cpus is NULL", count);
    }
    if (count > OIP_MAX_THREADS) {
        return fail_with(-EINVAL, "oip_pool_create: cpu_count %zu is over %u", count, OIP_MAX_THREADS);
    }
    for (size_t i = 0; i < count; i++) {
        if (cpus[i] >= CPU_SETSIZE) {
            return fail_with(-EINVAL, "oip_pool_create: processor %u in cpus is not below %d", cpus[i], CPU_SETSIZE);
        }
    }
    return 0;
}

static int read_options(struct oip_pool_options *read, const struct oip_pool_options *given)
{
    static const struct oip_pool_options defaults = OIP_POOL_OPTIONS_INIT;
    int result = read_options_struct(read, sizeof *read, offsetof(struct oip_pool_options, cpu_count),
                                     given != NULL ? given : &defaults, "oip_pool_create", "oip_pool_options");
    if (result != 0) {
        return result;
    }
    if (read->threads == 0) {
        read->threads = oip_processors();
    }
    result = check_threads(read->threads, "oip_pool_create");
    return result != 0 ? result : check_cpus(read->cpus, read->cpu_count);
}

static void destroy(struct oip_pool *pool)
{
    for (uint32_t i = 0; pool->workers != NULL && i < POOL_PLACES; i++) {
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
        return refuse_null("pool", __func__);
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
    pool->workers = calloc(POOL_PLACES, sizeof *pool->workers);
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
            await_change(pool);
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
    if (!IS_USABLE(pool)) {
        refuse_object(pool, __func__);
        return 0;
    }
    pthread_mutex_lock(&inner->lock);
    uint32_t threads = pool->threads;
    pthread_mutex_unlock(&inner->lock);
    return threads;
}

int oip_pool_resize(oip_pool *pool, uint32_t threads)
{
    RETURN_IF_UNUSABLE(pool);
    int result = check_threads(threads, __func__);
    if (result != 0) {
        return result;
    }
    pthread_mutex_lock(&pool->lock);
    join_leavers(pool);
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

int pool_enlist(struct oip_pool *pool, struct tenant *tenant)
{
    pthread_mutex_lock(&pool->lock);
    bool refused = pool->shutting;
    if (!refused) {
        tenant_link(&pool->tenants, tenant);
    }
    pthread_mutex_unlock(&pool->lock);
    return refused ? -ESHUTDOWN : 0;
}

/* Under the lock, which it gives up meanwhile: no producer accepts any more items. */
static void shut_tenants(struct oip_pool *pool)
{
    struct tenant *tenant;
    while ((tenant = pool->tenants) != NULL) {
        tenant_unlink(tenant);
        tenant_link(&pool->shut, tenant);
        tenant->retain(tenant);
        pthread_mutex_unlock(&pool->lock);
        tenant->shut(tenant);
        pthread_mutex_lock(&pool->lock);
    }
}

void pool_close(struct oip_pool *pool, struct tenant *tenant)
{
    pthread_mutex_lock(&pool->lock);
    if (tenant != NULL) {
        tenant_unlink(tenant);
    }
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
    RETURN_IF_UNUSABLE(pool);
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        if (frame->pool == pool) {
            return fail_with(-EDEADLK, "oip_pool_shutdown inside a consumer or an item on the same pool");
        }
    }
    if (thread_of == pool) {
        return fail_with(-EDEADLK, "oip_pool_shutdown on a thread of the same pool, or of a consumer on it");
    }
    pthread_mutex_lock(&pool->lock);
    pool->refusing = pool->shutting = true;
    shut_tenants(pool);
    while (pool->open != 0) {
        await_change(pool);
    }
    stop_threads(pool);
    while (atomic_load_explicit(&pool->live, memory_order_relaxed) != 0 || timekeeper_runs(pool) ||
           pool->consumers != 0) {
        await_change(pool);
    }
    join_leavers(pool);
    while (pool->joining != 0) { /* by others */
        await_change(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return 0;
}

void oip_pool_release(oip_pool *pool)
{
    IGNORE_IF_UNUSABLE(pool);
    pthread_mutex_lock(&pool->lock);
    pool->refusing = true;
    pool->handle_gone = true;
    detach_leavers(pool);
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
    worker->skipped = 0;
    struct job *job = OIP_CONTAINER_OF(runnable, struct job, runnable);
    struct oip_pool *pool = job->pool;
    job->function(job->argument);
    run_queue_dismiss(&pool->run_queue, runnable);
    free(job);
    pool_close(pool, NULL);
}

int oip_pool_run(oip_pool *pool, void (*function)(void *argument), void *argument)
{
    RETURN_IF_UNUSABLE(pool);
    RETURN_IF_NULL(function);
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
        pool_close(pool, NULL);
    }
    free(job);
    return result;
}
