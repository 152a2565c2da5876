/* SPDX-License-Identifier: Apache-2.0 */
/* The run queue: first in, first out, each pushed runnable popped once, for any number of threads; nodes go round. */
#include "Support/check.h"

#include "run_queue.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

enum { RUNNABLES = 200, THREADS = 4, TURNS = 5000 };

static struct run_queue queue;
static struct runnable runnables[RUNNABLES];
static atomic_int queued[RUNNABLES], turns;

/* Whatever was in its memory before. */
static void init_queue(void)
{
    memset(&queue, 0xa5, sizeof queue);
    CHECK_EQUAL(run_queue_init(&queue), 0);
}

static void first_in_first_out(int variant)
{
    (void)variant;
    init_queue();
    for (int i = 0; i < RUNNABLES; i++) {
        CHECK_EQUAL(run_queue_admit(&queue, &runnables[i]), 0);
    }
    for (int round = 0; round < 3; round++) {
        CHECK(run_queue_is_empty(&queue));
        CHECK(run_queue_pop(&queue) == NULL);
        for (int i = 0; i < RUNNABLES; i++) {
            run_queue_push(&queue, &runnables[i]);
        }
        CHECK_EQUAL(run_queue_length(&queue), RUNNABLES);
        CHECK(!run_queue_is_empty(&queue));
        for (int i = 0; i < RUNNABLES; i++) {
            CHECK(run_queue_pop(&queue) == &runnables[i]);
        }
        CHECK_EQUAL(run_queue_length(&queue), 0);
    }
    for (int i = 0; i < RUNNABLES; i++) {
        run_queue_dismiss(&queue, &runnables[i]);
        CHECK(runnables[i].node == NULL);
    }
    run_queue_destroy(&queue);
}

static void *take_turns(void *argument)
{
    (void)argument;
    while (atomic_fetch_add(&turns, 1) < THREADS * TURNS) {
        struct runnable *runnable = run_queue_pop(&queue);
        if (runnable == NULL) {
            sched_yield();
            continue;
        }
        long index = runnable - runnables;
        CHECK(index >= 0 && index < RUNNABLES);
        CHECK_EQUAL(atomic_exchange(&queued[index], 0), 1); /* by one thread at a time */
        CHECK(runnable->node != NULL);
        atomic_store(&queued[index], 1);
        run_queue_push(&queue, runnable);
    }
    return NULL;
}

static void many_threads_pop_and_push(int runnables_count)
{
    runnables_count = runnables_count == 0 ? 2 : RUNNABLES; /* few: the same nodes again and again */
    init_queue();
    for (int i = 0; i < runnables_count; i++) {
        CHECK_EQUAL(run_queue_admit(&queue, &runnables[i]), 0);
        atomic_store(&queued[i], 1);
        run_queue_push(&queue, &runnables[i]);
    }
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, take_turns, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    int left = 0;
    struct runnable *runnable;
    while ((runnable = run_queue_pop(&queue)) != NULL) {
        CHECK_EQUAL(atomic_exchange(&queued[runnable - runnables], 0), 1);
        run_queue_dismiss(&queue, runnable);
        left++;
    }
    CHECK_EQUAL(left, runnables_count);
    run_queue_destroy(&queue);
}

/* Wherever a thread is, in the middle of a pop, it naps there, and the others go on. */
enum { NAPS = 3000 };
static atomic_int naps;

static void nap(int signal)
{
    (void)signal;
    atomic_fetch_add(&naps, 1);
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

/* Each thread holds one runnable at most, so there is always one in the queue: who finds none was told wrong. */
static void *expect_some(void *argument)
{
    (void)argument;
    while (atomic_load(&naps) < NAPS) {
        struct runnable *runnable = run_queue_pop(&queue);
        CHECK(runnable != NULL);
        run_queue_push(&queue, runnable);
    }
    return NULL;
}

static void a_pop_finds_what_is_there(int variant)
{
    (void)variant;
    struct sigaction action = {.sa_handler = nap};
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQUAL(run_queue_init(&queue), 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(run_queue_admit(&queue, &runnables[i]), 0);
        run_queue_push(&queue, &runnables[i]);
    }
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, expect_some, NULL), 0);
    }
    for (int i = 0; atomic_load(&naps) < NAPS; i++) {
        pthread_kill(threads[i % THREADS], SIGUSR1);
        nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    run_queue_destroy(&queue);
}

static const char *few_or_many(int variant)
{
    return variant == 0 ? "few" : "many";
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"first in, first out", first_in_first_out, 0, NULL},
        {"many threads pop and push", many_threads_pop_and_push, 2, few_or_many},
        {"a pop finds what is there", a_pop_finds_what_is_there, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
