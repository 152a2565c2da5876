/* SPDX-License-Identifier: Apache-2.0 */
/* Without memory, or without a thread: the call says so and has changed nothing. */
#include "wrapped.h"

#include "Support/threads.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Lets the n-th allocation, then the n-th thread, of a call fail, for every n, until the call succeeds. */
static void a_pool_that_cannot_be_made_leaves_nothing(int threads_fail)
{
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = 4;
    uint32_t cpu = 0;
    options.cpus = threads_fail ? NULL : &cpu;
    options.cpu_count = !threads_fail;
    for (int n = 0;; n++) {
        oip_pool *pool = NULL;
        threads_fail ? let_thread_fail(n) : let_allocation_fail(n);
        int result = oip_pool_create(&pool, &options);
        bool failed = has_failed();
        if (!failed) {
            CHECK(n >= 4); /* at least one of each thread */
            CHECK_EQUAL(result, 0);
            pool_end(pool);
            break;
        }
        CHECK_EQUAL(result, threads_fail ? -EAGAIN : -ENOMEM);
        CHECK(!threads_fail || strstr(oip_error_detail(), "pthread_create") != NULL);
        CHECK(pool == NULL);
        CHECK_EQUAL(memory_held(), 0);
        WAIT_UNTIL(library_threads() == 0);
    }
    CHECK_EQUAL(memory_held(), 0);
}

static const char *memory_or_threads(int threads)
{
    return threads ? "threads" : "memory";
}

/* Places in the run queue come some at a time: with so many producers each makes one of them ask for memory. */
enum { SPARE = 40 };

static void a_producer_that_cannot_be_made_leaves_nothing(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    oip_producer *spare[SPARE];
    int most = 0, least = INT_MAX;
    for (int i = 0; i < SPARE; i++) {
        long before = memory_held();
        int n = 0;
        for (;; n++) {
            oip_producer *producer = NULL;
            let_allocation_fail(n);
            int result = make_producer(&producer, pool, 16, 16, 0);
            bool failed = has_failed();
            if (!failed) {
                CHECK_EQUAL(result, 0);
                spare[i] = producer;
                break;
            }
            CHECK_EQUAL(result, -ENOMEM);
            CHECK(producer == NULL);
            CHECK_EQUAL(memory_held(), before);
        }
        most = n > most ? n : most;
        least = n < least ? n : least;
    }
    CHECK(least >= 2);
    CHECK_EQUAL(most, least + 1); /* now and then with a place in the run queue */
    for (int i = 0; i < SPARE; i++) {
        oip_producer_release(spare[i]);
    }
    pool_end(pool);
    CHECK_EQUAL(memory_held(), 0);
}

static void a_consumer_thread_that_cannot_be_made_changes_nothing(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 50, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    for (int i = 0; i < 3; i++) {
        let_thread_fail(0);
        CHECK_EQUAL(lane_start(lane), -EAGAIN);
    }
    lane->consumer = SINK; /* another kind may follow */
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 4, 46), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 50);
    lane_end(lane);
}

static void a_resize_that_fails_changes_nothing(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    let_thread_fail(2);
    CHECK_EQUAL(oip_pool_resize(pool, 6), -EAGAIN);
    CHECK(strstr(oip_error_detail(), "pthread_create") != NULL);
    CHECK_EQUAL(oip_pool_threads(pool), 2);
    WAIT_UNTIL(library_threads() == 2);
    CHECK_EQUAL(oip_pool_resize(pool, 6), 0);
    pool_end(pool);
    CHECK_EQUAL(memory_held(), 0);
}

static void a_function_that_cannot_be_queued_is_refused(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    let_allocation_fail(0);
    CHECK_EQUAL(oip_pool_run(pool, free, NULL), -ENOMEM);
    oip_producer *spare[SPARE];
    int refused = 0;
    for (int i = 0; i < SPARE; i++) {
        long before = memory_held();
        let_allocation_fail(1); /* of its place in the run queue, where there is none left */
        int result = oip_pool_run(pool, free, NULL);
        CHECK_EQUAL(result, has_failed() ? -ENOMEM : 0);
        refused += result != 0;
        WAIT_UNTIL(memory_held() == before); /* it has run, and its place is free for the producer */
        spare[i] = producer_with(pool, 1, 8, 0);
    }
    CHECK(refused >= 1);
    for (int i = 0; i < SPARE; i++) {
        oip_producer_release(spare[i]);
    }
    let_allocation_fail(0);
    oip_ready_queue *queue = NULL;
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), -ENOMEM);
    CHECK(queue == NULL);
    pool_end(pool);
    CHECK_EQUAL(memory_held(), 0);
}

static int leave_as_it_is(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static atomic_int told_of_failures;

static void count_failure(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    (void)context;
    CHECK(payload == NULL && sequence == 0 && code == -ENOMEM && !late);
    atomic_fetch_add(&told_of_failures, 1);
}

static void count_discard(void *context, void *payload, enum oip_payload_state state)
{
    (void)payload;
    CHECK_EQUAL(state, OIP_PAYLOAD_INPUT);
    ++*(int *)context;
}

/* It is too large for the stack, so it asks for a copy: where there is no memory it fails, and nothing hangs. */
static void an_item_with_a_deadline_that_finds_no_memory_fails(int variant)
{
    (void)variant;
    enum { LARGE = 1000 };
    oip_pool *pool = pool_of(1);
    oip_producer *producer;
    int discarded = 0;
    CHECK_EQUAL(oip_producer_create(&producer, pool,
                                    OPTIONS(.payload_size = LARGE, .run = leave_as_it_is, .discard = count_discard,
                                            .context = &discarded, .deadlines = true, .failed = count_failure)),
                0);
    char payload[LARGE] = {0};
    CHECK_EQUAL(oip_start_sink(producer, leave_as_it_is, NULL), 0);
    let_allocation_fail(0);
    CHECK_EQUAL(oip_produce(producer, payload, NULL), 0);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    int code = 0;
    CHECK_EQUAL(oip_failure(producer, NULL, &code), 1);
    CHECK_EQUAL(code, -ENOMEM);
    CHECK_EQUAL(told_of_failures, 1);
    CHECK_EQUAL(discarded, 1);
    oip_producer_release(producer);
    pool_end(pool);
}

static sem_t done;

static void wait_for_room(void *producer)
{
    uint64_t payload[2] = {0};
    CHECK_EQUAL(oip_produce(producer, payload, NULL), 0);
    sem_post(&done);
}

static void say_that_it_ran(void *semaphore)
{
    sem_post(semaphore);
}

/* The pool's thread waits for room. What is queued behind it needs a thread, which cannot be had the first time. */
static void a_spare_thread_is_tried_again(int variant)
{
    (void)variant;
    sem_t ran;
    sem_init(&ran, 0, 0);
    sem_init(&done, 0, 0);
    oip_pool *pool = pool_of(1);
    oip_producer *producer = producer_with(pool, 1, 16, 0);
    CHECK_EQUAL(oip_attach(producer), 0);
    uint64_t payload[2] = {0};
    CHECK_EQUAL(oip_produce(producer, payload, NULL), 0);
    let_thread_fail(0);
    CHECK_EQUAL(oip_pool_run(pool, wait_for_room, producer), 0);
    CHECK_EQUAL(oip_pool_run(pool, say_that_it_ran, &ran), 0);
    wait_for(&ran);
    CHECK(has_failed());
    CHECK_EQUAL(oip_next(producer, payload, NULL), 1);
    wait_for(&done);
    CHECK_EQUAL(oip_next(producer, payload, NULL), 1);
    oip_detach(producer);
    oip_producer_release(producer);
    pool_end(pool);
    CHECK_EQUAL(memory_held(), 0);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a pool that cannot be made", a_pool_that_cannot_be_made_leaves_nothing, 2, memory_or_threads},
        {"a producer that cannot be made", a_producer_that_cannot_be_made_leaves_nothing, 0, NULL},
        {"a consumer thread that cannot be made", a_consumer_thread_that_cannot_be_made_changes_nothing, 0, NULL},
        {"a resize that fails", a_resize_that_fails_changes_nothing, 0, NULL},
        {"a function that cannot be queued", a_function_that_cannot_be_queued_is_refused, 0, NULL},
        {"an item with a deadline finds no memory", an_item_with_a_deadline_that_finds_no_memory_fails, 0, NULL},
        {"a spare thread is tried again", a_spare_thread_is_tried_again, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
