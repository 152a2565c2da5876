/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: every argument that is out of range is named, and in a child process every call fails instead of hanging. */
#include "Support/lane.h"

#include "pool.h"
#include "producer.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_nothing(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static void each_result_has_a_sentence(int variant)
{
    (void)variant;
    static const int results[] = {0,        -EAGAIN,    -EPIPE,  -EINVAL,      -ENOMEM, -EALREADY,
                                  -EDEADLK, -ESHUTDOWN, -ECHILD, -EINPROGRESS, -EPERM};
    enum { RESULTS = sizeof results / sizeof *results };
    char texts[RESULTS][128];
    for (int i = 0; i < RESULTS; i++) {
        CHECK(oip_strerror(results[i]) != NULL && strlen(oip_strerror(results[i])) > 5);
        snprintf(texts[i], sizeof texts[i], "%s", oip_strerror(results[i]));
        for (int k = 0; k < i; k++) {
            CHECK(strcmp(texts[i], texts[k]) != 0);
        }
    }
    CHECK(strlen(oip_strerror(-99999)) > 5);
}

static void expect_detail(int result, const char *part)
{
    CHECK_EQUAL(result, -EINVAL);
    if (strstr(oip_error_detail(), part) == NULL) {
        check_failed(__FILE__, __LINE__, "\"%s\" does not name %s", oip_error_detail(), part);
    }
}

static void bad_options_of_a_producer_are_named(int variant)
{
    (void)variant;
    CHECK(strlen(oip_error_detail()) == 0);
    oip_pool *pool = pool_of(1);
    oip_producer *producer = NULL;
    expect_detail(oip_producer_create(NULL, pool, OPTIONS(.window = 1)), "producer is NULL");
    expect_detail(oip_producer_create(&producer, NULL, OPTIONS(.window = 1)), "pool is NULL");
    expect_detail(oip_producer_create(&producer, pool, NULL), "oip_producer_options is NULL");
    expect_detail(oip_producer_create(&producer, pool, &(struct oip_producer_options){.size = 8}), "size");
    expect_detail(oip_producer_create(&producer, pool, OPTIONS(.window = OIP_MAX_WINDOW + 1)), "1073741825");
    expect_detail(oip_producer_create(&producer, pool, OPTIONS(.width = 100000)), "width 100000");
    expect_detail(oip_producer_create(&producer, pool, OPTIONS(.on_failure = (enum oip_failure_policy)7)),
                  "on_failure");
    expect_detail(oip_producer_create(&producer, pool, OPTIONS(.wait = (enum oip_wait_strategy)7)), "wait");
    expect_detail(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8)), "payload_size is 8");
    expect_detail(
        oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = run_nothing, .payload_align = 12)),
        "payload_align 12");
    expect_detail(
        oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = run_nothing, .payload_align = 8192)),
        "payload_align 8192");
    CHECK(producer == NULL);
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = SIZE_MAX / 8, .run = run_nothing)),
                -ENOMEM);
    CHECK(strstr(oip_error_detail(), "window of 1024") != NULL);
    CHECK(producer == NULL);
    pool_end(pool); /* nothing half-made keeps it */
}

static void bad_calls_are_named(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, NULL);
    char payload[16];
    expect_detail(oip_next(lane->producer, payload, NULL), "oip_next");
    expect_detail(oip_try_next(lane->producer, payload, NULL), "oip_try_next");
    expect_detail(oip_start(lane->producer, NULL, NULL), "consume is NULL");
    expect_detail(oip_start_sink(lane->producer, NULL, NULL), "sink is NULL");
    expect_detail(oip_get_statistics(lane->producer, NULL), "statistics");
    expect_detail(oip_get_statistics(lane->producer, &(struct oip_statistics){.size = 0}), "statistics.size");
    expect_detail(oip_ready_queue_create(NULL, NULL), "queue is NULL");
    oip_ready_queue *queue = NULL;
    expect_detail(oip_ready_queue_create(&queue, &(struct oip_ready_queue_options){.size = 1}), "size");
    lane_end(lane);
}

/* -------------------------------------------------------------------------------------------------- after fork ---- */

static void never_told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)waiter, (void)result, (void)sequence;
    CHECK(!"a wait that was refused was told");
}

static void *never_consume(oip_producer *producer, void *argument)
{
    (void)producer;
    CHECK(!"a consumer was started in the child");
    return argument;
}

static int never_sink(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    CHECK(!"a sink was called in the child");
    return 0;
}

static void never_function(void *argument)
{
    (void)argument;
    CHECK(!"a function was run in the child");
}

static int never_called(void *argument, void **result)
{
    (void)argument, (void)result;
    CHECK(!"an item was run in the child");
    return 0;
}

/* Every function of the library that takes an object. */
static void call_everything(oip_pool *pool, oip_producer *producer, oip_ready_queue *queue)
{
    char payload[16] = {0};
    uint64_t sequence;
    size_t accepted;
    void *pointer = NULL;
    int code;
    struct oip_waiter waiter = {.done = never_told};
    struct oip_statistics statistics = {.size = sizeof statistics};
    oip_producer *another;
    CHECK_EQUAL(oip_pool_threads(pool), 0);
    CHECK_EQUAL(oip_pool_resize(pool, 2), -ECHILD);
    CHECK_EQUAL(oip_pool_run(pool, never_function, NULL), -ECHILD);
    CHECK_EQUAL(oip_pool_shutdown(pool), -ECHILD);
    CHECK_EQUAL(oip_producer_create(&another, pool, OPTIONS(.window = 1)), -ECHILD);
    CHECK(oip_producer_context(producer) != NULL);
    CHECK_EQUAL(oip_produce(producer, payload, &sequence), -ECHILD);
    CHECK_EQUAL(oip_try_produce(producer, payload, &sequence), -ECHILD);
    CHECK_EQUAL(oip_produce_many(producer, payload, 1, &accepted), -ECHILD);
    CHECK_EQUAL(oip_try_produce_many(producer, payload, 1, &accepted), -ECHILD);
    CHECK_EQUAL(oip_produce_async(producer, payload, &sequence, &waiter), -ECHILD);
    CHECK_EQUAL(oip_cancel(producer, &waiter), -ECHILD);
    CHECK_EQUAL(oip_reserve(producer, &sequence), -ECHILD);
    CHECK_EQUAL(oip_try_reserve(producer, &sequence), -ECHILD);
    CHECK_EQUAL(oip_reserve_async(producer, &sequence, &waiter), -ECHILD);
    oip_complete(producer, 0, payload);
    oip_fail(producer, 0, 1);
    CHECK_EQUAL(oip_produce_call(producer, never_called, NULL, &sequence), -ECHILD);
    CHECK_EQUAL(oip_start(producer, never_consume, NULL), -ECHILD);
    CHECK_EQUAL(oip_attach(producer), -ECHILD);
    CHECK_EQUAL(oip_start_sink(producer, never_sink, NULL), -ECHILD);
    CHECK_EQUAL(oip_attach_ready_queue(producer, queue, NULL), -ECHILD);
    oip_detach(producer);
    CHECK_EQUAL(oip_next(producer, payload, &sequence), -ECHILD);
    CHECK_EQUAL(oip_try_next(producer, payload, &sequence), -ECHILD);
    oip_pause(producer);
    oip_resume(producer);
    CHECK_EQUAL(oip_ready_queue_take(queue, &pointer), -ECHILD);
    CHECK_EQUAL(oip_ready_queue_wait(queue, -1), -ECHILD);
    CHECK_EQUAL(oip_stop(producer, &pointer), -ECHILD);
    CHECK_EQUAL(oip_stop_async(producer, &waiter), -ECHILD);
    CHECK_EQUAL(oip_wait_async(producer, &waiter), -ECHILD);
    oip_finish(producer);
    oip_stop_producing(producer);
    CHECK(oip_take_value(producer) == NULL);
    CHECK(oip_failure(producer, &sequence, &code) <= 0);
    CHECK_EQUAL(oip_get_statistics(producer, &statistics), -ECHILD);
    oip_ready_queue_release(queue);
    oip_producer_release(producer);
    oip_pool_release(pool);
}

/* In the worst moment: somebody, who does not exist in the child, holds the locks. */
static void the_child_cannot_use_what_the_parent_made(int consumer)
{
    struct lane *lane = lane_create(BY_CALL, (enum consumer)consumer, 40, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 20), 0);
    pthread_mutex_lock(&lane->pool->lock);
    pthread_mutex_lock(&lane->producer->lock);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        call_everything(lane->pool, lane->producer, lane->queue);
        _exit(0); /* the parent's memory was left as it was */
    }
    pthread_mutex_unlock(&lane->producer->lock);
    pthread_mutex_unlock(&lane->pool->lock);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    CHECK_EQUAL(lane_ask(lane, 20, 20), 0); /* the parent goes on */
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 40);
    lane_end(lane);
}

static void the_child_may_make_its_own(int variant)
{
    (void)variant;
    if (OIP_TSAN) {
        return; /* which cannot start threads after a fork of a process with threads */
    }
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        struct lane *own = lane_create(BY_PRODUCE, THREAD, 100, 2, OPTIONS(.window = 8));
        CHECK_EQUAL(lane_start(own), 0);
        CHECK_EQUAL(lane_ask(own, 0, 100), 0);
        lane_end(own);
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"each result has a sentence", each_result_has_a_sentence, 0, NULL},
        {"bad options of a producer are named", bad_options_of_a_producer_are_named, 0, NULL},
        {"bad calls are named", bad_calls_are_named, 0, NULL},
        {"the child cannot use what the parent made", the_child_cannot_use_what_the_parent_made, CONSUMERS,
         consumer_name},
        {"the child may make its own", the_child_may_make_its_own, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
