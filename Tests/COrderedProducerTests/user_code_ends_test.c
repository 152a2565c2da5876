/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a pool's shutdown has returned, nothing of the program's runs on the library's threads any more: neither the
 * release function of a producer nor the destructor of a thread-local value, on a thread of the pool or of a consumer.
 * What might still run is slow here, so that a shutdown that does not wait for it would have returned long before.
 */
#include "Support/lane.h"

#include <sched.h>
#include <time.h>

static pthread_key_t key;
static atomic_int begun, ended;

static void be_slow(void)
{
    atomic_fetch_add(&begun, 1);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    atomic_fetch_add(&ended, 1);
}

static void destroy_slowly(void *value)
{
    (void)value;
    be_slow();
}

static void have_a_value_here(void)
{
    CHECK_EQUAL(pthread_setspecific(key, &key), 0);
}

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static void *consume(oip_producer *producer, void *argument)
{
    uint64_t payload;
    if (argument != NULL) {
        have_a_value_here();
    }
    while (oip_next(producer, &payload, NULL) == 1) {
    }
    return NULL;
}

static void release_slowly(void *context)
{
    (void)context;
    be_slow();
}

static oip_producer *producer;
static sem_t told;

/* On the consumer's thread, which has the last reference from here on. */
static void give_the_handle_back(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)waiter, (void)sequence;
    CHECK_EQUAL(result, 0);
    oip_producer_release(producer);
    sem_post(&told);
}

static void the_release_function_of_a_producer(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    uint64_t payload = 0;
    sem_init(&told, 0, 0);
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = run, .release = release_slowly)),
                0);
    CHECK_EQUAL(oip_start(producer, consume, NULL), 0);
    CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
    struct oip_waiter waiter = {.done = give_the_handle_back};
    CHECK_EQUAL(oip_stop_async(producer, &waiter), -EINPROGRESS);
    wait_for(&told);
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    CHECK_EQUAL(atomic_load(&ended), 1);
    oip_pool_release(pool);
}

/* As many consumers as come and go: their threads are joined, too, and not kept until the end. */
static void thread_locals_of_consumers(int variant)
{
    (void)variant;
    enum { CONSUMERS_IN_ALL = 5 };
    CHECK_EQUAL(pthread_key_create(&key, destroy_slowly), 0);
    oip_pool *pool = pool_of(1);
    for (int i = 0; i < CONSUMERS_IN_ALL; i++) {
        CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = run)), 0);
        CHECK_EQUAL(oip_start(producer, consume, &key), 0);
        CHECK_EQUAL(oip_stop(producer, NULL), 0);
        oip_producer_release(producer);
    }
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    CHECK_EQUAL(atomic_load(&ended), CONSUMERS_IN_ALL);
    oip_pool_release(pool);
}

static void have_a_value(void *done)
{
    have_a_value_here();
    sem_post(done);
}

static void *shut_down(void *pool)
{
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    CHECK_EQUAL(atomic_load(&ended), 1);
    return NULL;
}

/* Each of several shutdowns returns when all is done, not only the one that joins the thread. */
static void thread_locals_of_pool_threads(int variant)
{
    (void)variant;
    CHECK_EQUAL(pthread_key_create(&key, destroy_slowly), 0);
    oip_pool *pool = pool_of(1);
    sem_t done;
    sem_init(&done, 0, 0);
    CHECK_EQUAL(oip_pool_run(pool, have_a_value, &done), 0);
    wait_for(&done);
    pthread_t first;
    CHECK_EQUAL(pthread_create(&first, NULL, shut_down, pool), 0);
    WAIT_UNTIL(atomic_load(&begun) == 1); /* it is joining the thread */
    shut_down(pool);
    CHECK_EQUAL(pthread_join(first, NULL), 0);
    oip_pool_release(pool);
}

/* It would wait for the thread that it is on. */
static void shut_down_on_release(void *pool)
{
    CHECK_EQUAL(oip_pool_shutdown(pool), -EDEADLK);
    atomic_fetch_add(&ended, 1);
}

static void a_shutdown_by_a_release_function_is_refused(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    sem_init(&told, 0, 0);
    CHECK_EQUAL(
        oip_producer_create(&producer, pool,
                            OPTIONS(.payload_size = 8, .run = run, .release = shut_down_on_release, .context = pool)),
        0);
    CHECK_EQUAL(oip_start(producer, consume, NULL), 0);
    struct oip_waiter waiter = {.done = give_the_handle_back};
    CHECK_EQUAL(oip_stop_async(producer, &waiter), -EINPROGRESS);
    wait_for(&told);
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    CHECK_EQUAL(atomic_load(&ended), 1);
    oip_pool_release(pool);
}

static sem_t gate;

static void destroy_when_told(void *value)
{
    (void)value;
    atomic_fetch_add(&begun, 1);
    wait_for(&gate);
    atomic_fetch_add(&ended, 1);
}

/* A pool whose handle is back joins nobody: the threads go by themselves, and release never waits for them. */
static void release_does_not_wait(int variant)
{
    (void)variant;
    sem_init(&gate, 0, 0);
    CHECK_EQUAL(pthread_key_create(&key, destroy_when_told), 0);
    oip_pool *pool = pool_of(1);
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = run)), 0);
    CHECK_EQUAL(oip_start(producer, consume, &key), 0);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    oip_producer_release(producer);
    WAIT_UNTIL(atomic_load(&begun) == 1);
    oip_pool_release(pool);
    sem_post(&gate);
    WAIT_UNTIL(atomic_load(&ended) == 1);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the release function of a producer", the_release_function_of_a_producer, 0, NULL},
        {"thread-locals of consumers", thread_locals_of_consumers, 0, NULL},
        {"thread-locals of pool threads", thread_locals_of_pool_threads, 0, NULL},
        {"a shutdown by a release function is refused", a_shutdown_by_a_release_function_is_refused, 0, NULL},
        {"release does not wait", release_does_not_wait, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
