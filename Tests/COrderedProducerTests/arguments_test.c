/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments that cannot be meant, for every public function: each is refused with -EINVAL and a sentence that begins
 * with the function's name, and changes nothing. Functions without a result leave the sentence. One case is one test,
 * in a process of its own.
 */
#include "Support/lane.h"

#include <stdio.h>
#include <string.h>

/* What a case has at hand: a pool; a producer with a run function and no consumer; a queue. */
static oip_pool *pool;
static oip_producer *producer;
static oip_ready_queue *queue;
static oip_pool *no_pool;
static oip_producer *none;
static oip_ready_queue *no_queue;
static uint64_t payload = 7, sequence = 77;
static size_t accepted;
static void *tag;
static struct oip_statistics statistics = {.size = sizeof(struct oip_statistics)};

static void never(void *argument)
{
    (void)argument;
    CHECK(!"a function that was refused is called");
}

static int run_nothing(void *context, void *item, uint64_t number)
{
    (void)context, (void)item, (void)number;
    return 0;
}

static int never_sink(void *context, void *item, uint64_t number)
{
    (void)item, (void)number;
    never(context);
    return 0;
}

static int never_call(void *argument, void **result)
{
    (void)result;
    never(argument);
    return 0;
}

static void *never_consume(oip_producer *of, void *argument)
{
    (void)of;
    never(argument);
    return NULL;
}

static void never_told(struct oip_waiter *waiter, int result, uint64_t number)
{
    (void)result, (void)number;
    never(waiter);
}

static int never_substitute(void *context, void *item, uint64_t number, void *argument)
{
    (void)item, (void)number, (void)argument;
    never(context);
    return 0;
}

static void never_failed(void *context, void *item, uint64_t number, int code, bool late)
{
    (void)item, (void)number, (void)code, (void)late;
    never(context);
}

static void never_released(void *context, void *argument)
{
    (void)argument;
    never(context);
}

static struct oip_waiter waiter = {.done = never_told};
static struct oip_waiter nobody; /* without a function to be told by */

static struct oip_waiter *askew(void)
{
    return (struct oip_waiter *)(void *)((char *)&waiter + 1);
}

static const uint32_t cpus[] = {0, 1u << 20};

static int make_pool(struct oip_pool_options options)
{
    options.size += sizeof options;
    int result = oip_pool_create(&no_pool, &options);
    CHECK(no_pool == NULL);
    return result;
}

#define POOL(...) make_pool((struct oip_pool_options){__VA_ARGS__})

static int make_producer(struct oip_producer_options options)
{
    options.size += sizeof options;
    int result = oip_producer_create(&none, pool, &options);
    CHECK(none == NULL);
    return result;
}

#define PRODUCER(...) make_producer((struct oip_producer_options){__VA_ARGS__})
#define WITH_RUN(...) PRODUCER(.payload_size = 8, .run = run_nothing, __VA_ARGS__)

static int request(struct oip_request request)
{
    request.size += sizeof request;
    return oip_request(producer, &request, &sequence);
}

#define REQUEST(...) request((struct oip_request){.payload = &payload, __VA_ARGS__})

static int make_queue(size_t size)
{
    int result = oip_ready_queue_create(&no_queue, &(struct oip_ready_queue_options){.size = size});
    CHECK(no_queue == NULL);
    return result;
}

/* -ENOMEM and the like never come into it; `size` is a difference to the right one. */
#define CASES(CASE, VOID)                                                                                              \
    CASE(oip_pool_create, "no place for it", oip_pool_create(NULL, NULL))                                              \
    CASE(oip_pool_create, "a size of no version", POOL(.size = -(size_t)40))                                           \
    CASE(oip_pool_create, "a size between two members", POOL(.size = -(size_t)5))                                      \
    CASE(oip_pool_create, "too many threads", POOL(.threads = OIP_MAX_THREADS + 1))                                    \
    CASE(oip_pool_create, "a processor that cannot be", POOL(.threads = 1, .cpus = cpus, .cpu_count = 2))              \
    CASE(oip_pool_create, "too many processors", POOL(.threads = 1, .cpus = cpus, .cpu_count = SIZE_MAX / 2))          \
    CASE(oip_pool_create, "a number of processors, but none", POOL(.threads = 1, .cpu_count = 2))                      \
    CASE(oip_pool_create, "a stack too small", POOL(.threads = 1, .stack_size = 5))                                    \
    VOID(oip_pool_threads, "no pool", CHECK_EQUAL(oip_pool_threads(no_pool), 0))                                       \
    CASE(oip_pool_resize, "no pool", oip_pool_resize(no_pool, 1))                                                      \
    CASE(oip_pool_resize, "no threads", oip_pool_resize(pool, 0))                                                      \
    CASE(oip_pool_resize, "too many threads", oip_pool_resize(pool, OIP_MAX_THREADS + 1))                              \
    CASE(oip_pool_run, "no pool", oip_pool_run(no_pool, never, NULL))                                                  \
    CASE(oip_pool_run, "no function", oip_pool_run(pool, NULL, NULL))                                                  \
    CASE(oip_pool_shutdown, "no pool", oip_pool_shutdown(no_pool))                                                     \
    VOID(oip_pool_release, "no pool", oip_pool_release(no_pool))                                                       \
    CASE(oip_producer_create, "no place for it", oip_producer_create(NULL, pool, OPTIONS(.window = 1)))                \
    CASE(oip_producer_create, "no pool", oip_producer_create(&none, no_pool, OPTIONS(.window = 1)))                    \
    CASE(oip_producer_create, "no options", oip_producer_create(&none, pool, NULL))                                    \
    CASE(oip_producer_create, "a size of no version", WITH_RUN(.size = -(size_t)128))                                  \
    CASE(oip_producer_create, "a size between two members", WITH_RUN(.size = -(size_t)3))                              \
    CASE(oip_producer_create, "a window too large", WITH_RUN(.window = OIP_MAX_WINDOW + 1))                            \
    CASE(oip_producer_create, "a width too large", WITH_RUN(.width = 2 * OIP_MAX_THREADS + 1))                         \
    CASE(oip_producer_create, "an unknown failure policy", WITH_RUN(.on_failure = (enum oip_failure_policy)3))         \
    CASE(oip_producer_create, "an unknown wait strategy", WITH_RUN(.wait = (enum oip_wait_strategy)3))                 \
    CASE(oip_producer_create, "an alignment of no power", WITH_RUN(.payload_align = 24))                               \
    CASE(oip_producer_create, "an alignment too large", WITH_RUN(.payload_align = 8192))                               \
    CASE(oip_producer_create, "run without a payload", PRODUCER(.run = run_nothing))                                   \
    CASE(oip_producer_create, "a payload without run", PRODUCER(.payload_size = 8))                                    \
    CASE(oip_producer_create, "substitute without deadlines", WITH_RUN(.substitute = never_substitute))                \
    CASE(oip_producer_create, "failed without deadlines", WITH_RUN(.failed = never_failed))                            \
    CASE(oip_producer_create, "release_argument without deadlines", WITH_RUN(.release_argument = never_released))      \
    VOID(oip_producer_release, "no producer", oip_producer_release(none))                                              \
    VOID(oip_producer_context, "no producer", CHECK(oip_producer_context(none) == NULL))                               \
    CASE(oip_produce, "no producer", oip_produce(none, &payload, &sequence))                                           \
    CASE(oip_produce, "no payload", oip_produce(producer, NULL, &sequence))                                            \
    CASE(oip_try_produce, "no producer", oip_try_produce(none, &payload, &sequence))                                   \
    CASE(oip_try_produce, "no payload", oip_try_produce(producer, NULL, &sequence))                                    \
    CASE(oip_produce_many, "no producer", oip_produce_many(none, &payload, 1, &accepted))                              \
    CASE(oip_produce_many, "no payloads", oip_produce_many(producer, NULL, 1, &accepted))                              \
    CASE(oip_produce_many, "no place for the number", oip_produce_many(producer, &payload, 1, NULL))                   \
    CASE(oip_produce_many, "more than memory holds", oip_produce_many(producer, &payload, SIZE_MAX / 4, &accepted))    \
    CASE(oip_try_produce_many, "no producer", oip_try_produce_many(none, &payload, 1, &accepted))                      \
    CASE(oip_try_produce_many, "no payloads", oip_try_produce_many(producer, NULL, 1, &accepted))                      \
    CASE(oip_try_produce_many, "no place for the number", oip_try_produce_many(producer, &payload, 1, NULL))           \
    CASE(oip_try_produce_many, "more than memory holds",                                                               \
         oip_try_produce_many(producer, &payload, SIZE_MAX / 4, &accepted))                                            \
    CASE(oip_produce_async, "no producer", oip_produce_async(none, &payload, &sequence, &waiter))                      \
    CASE(oip_produce_async, "no payload", oip_produce_async(producer, NULL, &sequence, &waiter))                       \
    CASE(oip_produce_async, "no waiter", oip_produce_async(producer, &payload, &sequence, NULL))                       \
    CASE(oip_produce_async, "a waiter without done", oip_produce_async(producer, &payload, &sequence, &nobody))        \
    CASE(oip_produce_async, "a waiter not aligned", oip_produce_async(producer, &payload, &sequence, askew()))         \
    CASE(oip_cancel, "no producer", oip_cancel(none, &waiter))                                                         \
    CASE(oip_cancel, "no waiter", oip_cancel(producer, NULL))                                                          \
    CASE(oip_reserve, "no producer", oip_reserve(none, &sequence))                                                     \
    CASE(oip_reserve, "no place for the sequence", oip_reserve(producer, NULL))                                        \
    CASE(oip_try_reserve, "no producer", oip_try_reserve(none, &sequence))                                             \
    CASE(oip_try_reserve, "no place for the sequence", oip_try_reserve(producer, NULL))                                \
    CASE(oip_reserve_async, "no producer", oip_reserve_async(none, &sequence, &waiter))                                \
    CASE(oip_reserve_async, "no place for the sequence", oip_reserve_async(producer, NULL, &waiter))                   \
    CASE(oip_reserve_async, "no waiter", oip_reserve_async(producer, &sequence, NULL))                                 \
    CASE(oip_reserve_async, "a waiter without done", oip_reserve_async(producer, &sequence, &nobody))                  \
    VOID(oip_complete, "no producer", oip_complete(none, 0, &payload))                                                 \
    VOID(oip_complete, "no payload", oip_complete(producer, 0, NULL))                                                  \
    VOID(oip_fail, "no producer", oip_fail(none, 0, 1))                                                                \
    VOID(oip_fail_with, "no producer", oip_fail_with(none, 0, 1, NULL))                                                \
    CASE(oip_request, "no producer", oip_request(none, &(struct oip_request)OIP_REQUEST_INIT, &sequence))              \
    CASE(oip_request, "no request", oip_request(producer, NULL, &sequence))                                            \
    CASE(oip_request, "a size of no version", REQUEST(.size = -(size_t)40))                                            \
    CASE(oip_request, "a size between two members", REQUEST(.size = -(size_t)1))                                       \
    CASE(oip_request, "a deadline without deadlines", REQUEST(.deadline_ns = 1))                                       \
    CASE(oip_request, "an argument without deadlines", REQUEST(.argument = &payload))                                  \
    CASE(oip_request, "nowait and a waiter", REQUEST(.nowait = true, .waiter = &waiter))                               \
    CASE(oip_request, "a waiter without done", REQUEST(.waiter = &nobody))                                             \
    CASE(oip_request, "no place for a reservation's sequence",                                                         \
         oip_request(producer, &(struct oip_request)OIP_REQUEST_INIT, NULL))                                           \
    CASE(oip_produce_call, "no producer", oip_produce_call(none, never_call, NULL, &sequence))                         \
    CASE(oip_produce_call, "no function", oip_produce_call(producer, NULL, NULL, &sequence))                           \
    CASE(oip_produce_call, "a producer with a run function", oip_produce_call(producer, never_call, NULL, &sequence))  \
    CASE(oip_start, "no producer", oip_start(none, never_consume, NULL))                                               \
    CASE(oip_start, "no function", oip_start(producer, NULL, NULL))                                                    \
    CASE(oip_attach, "no producer", oip_attach(none))                                                                  \
    CASE(oip_start_sink, "no producer", oip_start_sink(none, never_sink, NULL))                                        \
    CASE(oip_start_sink, "no function", oip_start_sink(producer, NULL, NULL))                                          \
    CASE(oip_attach_ready_queue, "no producer", oip_attach_ready_queue(none, queue, NULL))                             \
    CASE(oip_attach_ready_queue, "no queue", oip_attach_ready_queue(producer, no_queue, NULL))                         \
    VOID(oip_detach, "no producer", oip_detach(none))                                                                  \
    VOID(oip_detach, "no consumer", oip_detach(producer))                                                              \
    CASE(oip_next, "no producer", oip_next(none, &payload, NULL))                                                      \
    CASE(oip_next, "no consumer", oip_next(producer, &payload, NULL))                                                  \
    CASE(oip_next, "no place for the item", oip_next(producer, NULL, NULL))                                            \
    CASE(oip_try_next, "no producer", oip_try_next(none, &payload, NULL))                                              \
    CASE(oip_try_next, "no consumer", oip_try_next(producer, &payload, NULL))                                          \
    CASE(oip_try_next, "no place for the item", oip_try_next(producer, NULL, NULL))                                    \
    VOID(oip_pause, "no producer", oip_pause(none))                                                                    \
    VOID(oip_resume, "no producer", oip_resume(none))                                                                  \
    CASE(oip_ready_queue_create, "no place for it", oip_ready_queue_create(NULL, NULL))                                \
    CASE(oip_ready_queue_create, "a size of no version", make_queue(8))                                                \
    CASE(oip_ready_queue_create, "a size between two members", make_queue(sizeof(struct oip_ready_queue_options) + 1)) \
    CASE(oip_ready_queue_take, "no queue", oip_ready_queue_take(no_queue, &tag))                                       \
    CASE(oip_ready_queue_take, "no place for the tag", oip_ready_queue_take(queue, NULL))                              \
    CASE(oip_ready_queue_wait, "no queue", oip_ready_queue_wait(no_queue, 0))                                          \
    VOID(oip_ready_queue_release, "no queue", oip_ready_queue_release(no_queue))                                       \
    VOID(oip_finish, "no producer", oip_finish(none))                                                                  \
    CASE(oip_stop, "no producer", oip_stop(none, NULL))                                                                \
    CASE(oip_stop_async, "no producer", oip_stop_async(none, &waiter))                                                 \
    CASE(oip_stop_async, "no waiter", oip_stop_async(producer, NULL))                                                  \
    CASE(oip_stop_async, "a waiter without done", oip_stop_async(producer, &nobody))                                   \
    CASE(oip_wait_async, "no producer", oip_wait_async(none, &waiter))                                                 \
    CASE(oip_wait_async, "no waiter", oip_wait_async(producer, NULL))                                                  \
    CASE(oip_wait_async, "a waiter without done", oip_wait_async(producer, &nobody))                                   \
    VOID(oip_take_value, "no producer", CHECK(oip_take_value(none) == NULL))                                           \
    VOID(oip_stop_producing, "no producer", oip_stop_producing(none))                                                  \
    CASE(oip_failure, "no producer", oip_failure(none, NULL, NULL))                                                    \
    CASE(oip_get_statistics, "no producer", oip_get_statistics(none, &statistics))                                     \
    CASE(oip_get_statistics, "no place for them", oip_get_statistics(producer, NULL))                                  \
    CASE(oip_get_statistics, "a size of no version", oip_get_statistics(producer, &(struct oip_statistics){.size = 4}))

struct names {
    const char *function, *argument;
};
#define NAMES(function, argument, call) {#function, argument},
static const struct names cases[] = {CASES(NAMES, NAMES)};
enum { CASE_COUNT = sizeof cases / sizeof *cases };

static const char *case_name(int variant)
{
    static char name[100];
    snprintf(name, sizeof name, "%s, %s", cases[variant].function, cases[variant].argument);
    return name;
}

/* The result of case `variant`; of a function without one what it should be. */
static int call(int variant)
{
    int at = 0, result = -EINVAL;
#define CALL(function, argument, call)                                                                                 \
    if (at++ == variant) {                                                                                             \
        result = call;                                                                                                 \
    }
#define CALL_VOID(function, argument, call)                                                                            \
    if (at++ == variant) {                                                                                             \
        call;                                                                                                          \
    }
    CASES(CALL, CALL_VOID)
    return result;
}

static void is_refused(int variant)
{
    pool = pool_of(1);
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.window = 4, .payload_size = 8, .run = run_nothing)), 0);
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    accepted = 7;
    CHECK_EQUAL(call(variant), -EINVAL);
    if (strstr(oip_error_detail(), cases[variant].function) != oip_error_detail()) {
        check_failed(__FILE__, __LINE__, "\"%s\" does not begin with %s", oip_error_detail(), cases[variant].function);
    }
    CHECK(accepted == 7 || accepted == 0);
    /* Nothing has changed, and everything can still be used. */
    CHECK_EQUAL(oip_pool_threads(pool), 1);
    CHECK_EQUAL(oip_get_statistics(producer, &statistics), 0);
    CHECK_EQUAL(statistics.requested, 0);
    CHECK_EQUAL(oip_attach(producer), 0);
    CHECK_EQUAL(oip_produce(producer, &payload, &sequence), 0);
    CHECK_EQUAL(oip_next(producer, &payload, NULL), 1);
    oip_detach(producer);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    oip_producer_release(producer);
    oip_ready_queue_release(queue);
    pool_end(pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"is refused", is_refused, CASE_COUNT, case_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
