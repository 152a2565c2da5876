/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that are right for another producer than this one: the items of a sink or a loop taken by somebody else, a
 * consumer detached that did not attach, a failure without a code.
 */
#include "Support/lane.h"

#include <string.h>

static oip_pool *pool;
static oip_producer *producer;
static uint64_t payload;

static int run_nothing(void *context, void *item, uint64_t number)
{
    (void)context, (void)item, (void)number;
    return 0;
}

static void begin(struct oip_producer_options options)
{
    options.size = sizeof options;
    pool = pool_of(2);
    CHECK_EQUAL(oip_producer_create(&producer, pool, &options), 0);
}

static void begin_with_run(void)
{
    begin((struct oip_producer_options){.window = 4, .payload_size = sizeof payload, .run = run_nothing});
}

static void end(void)
{
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    oip_producer_release(producer);
    pool_end(pool);
}

static void expect_detail(const char *function)
{
    if (strstr(oip_error_detail(), function) != oip_error_detail()) {
        check_failed(__FILE__, __LINE__, "\"%s\" does not begin with %s", oip_error_detail(), function);
    }
}

/* --------------------------------------------------------------------------------------- somebody else's items ---- */

static atomic_int sunk;

static int count_sunk(void *context, void *item, uint64_t number)
{
    (void)context, (void)item, (void)number;
    atomic_fetch_add(&sunk, 1);
    return 0;
}

static void expect_refusals(void)
{
    uint64_t item;
    CHECK_EQUAL(oip_try_next(producer, &item, NULL), -EINVAL);
    expect_detail("oip_try_next");
    CHECK_EQUAL(oip_next(producer, &item, NULL), -EINVAL);
    expect_detail("oip_next");
}

static void nobody_takes_a_sinks_items(int variant)
{
    (void)variant;
    begin_with_run();
    CHECK_EQUAL(oip_start_sink(producer, count_sunk, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
        expect_refusals();
    }
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&sunk), 1000); /* each once */
    expect_refusals();                     /* after the end as before */
    end();
}

static void nobody_waits_for_a_loops_items(int variant)
{
    (void)variant;
    oip_ready_queue *queue;
    begin_with_run();
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    CHECK_EQUAL(oip_attach_ready_queue(producer, queue, NULL), 0);
    CHECK_EQUAL(oip_next(producer, &payload, NULL), -EINVAL);
    expect_detail("oip_next");
    oip_detach(producer);
    end();
    oip_ready_queue_release(queue);
}

static int detach_on_delivery(struct lane *lane, struct item *item)
{
    (void)item;
    oip_detach(lane->producer);
    expect_detail("oip_detach");
    return 0;
}

/* Neither from outside nor from the consumer itself: a consumer that did not attach ends when its function returns. */
static void detach_is_for_those_who_attached(int variant)
{
    struct lane *lane = lane_create(BY_PRODUCE, variant == 0 ? THREAD : SINK, 20, 2, OPTIONS(.window = 4));
    lane->on_delivery = detach_on_delivery;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 10), 0);
    oip_detach(lane->producer);
    expect_detail("oip_detach");
    CHECK_EQUAL(lane_ask(lane, 10, 10), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 20);
    lane_end(lane);
}

static const char *thread_or_sink(int variant)
{
    return consumer_name(variant == 0 ? THREAD : SINK);
}

/* --------------------------------------------------------------------------------------------- items without ---- */

static void a_call_without_function_fails(int variant)
{
    (void)variant;
    begin((struct oip_producer_options){.window = 4});
    CHECK_EQUAL(oip_produce_call(producer, NULL, NULL, NULL), -EINVAL);
    CHECK_EQUAL(oip_produce(producer, &(struct oip_call){NULL, NULL}, NULL), 0);
    CHECK_EQUAL(oip_start_sink(producer, count_sunk, NULL), 0);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    int code = 0;
    CHECK_EQUAL(oip_failure(producer, NULL, &code), 1);
    CHECK_EQUAL(code, -EINVAL);
    CHECK_EQUAL(atomic_load(&sunk), 0);
    end();
}

/* The reservation stays, and can be completed all the same. */
static void a_completion_without_payload_changes_nothing(int variant)
{
    (void)variant;
    uint64_t sequence;
    begin_with_run();
    CHECK_EQUAL(oip_attach(producer), 0);
    CHECK_EQUAL(oip_try_reserve(producer, &sequence), 0);
    oip_complete(producer, sequence, NULL);
    expect_detail("oip_complete");
    CHECK_EQUAL(oip_try_next(producer, &payload, NULL), -EAGAIN);
    oip_complete(producer, sequence, &payload);
    CHECK_EQUAL(oip_try_next(producer, &payload, NULL), 1);
    oip_detach(producer);
    end();
}

/* It is one all the same: an item that stayed outstanding would be waited for. */
static void a_failure_without_a_code_is_invalid(int variant)
{
    (void)variant;
    uint64_t sequence;
    begin_with_run();
    CHECK_EQUAL(oip_attach(producer), 0);
    CHECK_EQUAL(oip_try_reserve(producer, &sequence), 0);
    oip_fail(producer, sequence, 0);
    CHECK_EQUAL(oip_try_next(producer, &payload, NULL), 0);
    int code = 0;
    CHECK_EQUAL(oip_failure(producer, NULL, &code), 1);
    CHECK_EQUAL(code, -EINVAL);
    oip_detach(producer);
    end();
}

static int return_argument(void *argument, void **result)
{
    *result = argument;
    return 0;
}

/* Whoever consumes it has room for a pointer, and nothing is written behind that. */
static void a_calls_result_is_a_pointer(int variant)
{
    (void)variant;
    struct {
        void *result;
        uint64_t behind;
    } room = {NULL, 0xa5a5};
    uint64_t sequence;
    begin((struct oip_producer_options){.window = 4});
    CHECK_EQUAL(oip_attach(producer), 0);
    CHECK_EQUAL(oip_produce_call(producer, return_argument, &room, NULL), 0);
    CHECK_EQUAL(oip_next(producer, &room.result, NULL), 1);
    CHECK(room.result == &room);
    CHECK_EQUAL(room.behind, 0xa5a5);
    void *output = &payload;
    CHECK_EQUAL(oip_reserve(producer, &sequence), 0);
    oip_complete(producer, sequence, &output); /* likewise: nothing behind it is read */
    CHECK_EQUAL(oip_next(producer, &room.result, NULL), 1);
    CHECK(room.result == output);
    CHECK_EQUAL(room.behind, 0xa5a5);
    oip_detach(producer);
    end();
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"nobody takes a sink's items", nobody_takes_a_sinks_items, 0, NULL},
        {"nobody waits for a loop's items", nobody_waits_for_a_loops_items, 0, NULL},
        {"detach is for those who attached", detach_is_for_those_who_attached, 2, thread_or_sink},
        {"a call without function fails", a_call_without_function_fails, 0, NULL},
        {"a completion without payload changes nothing", a_completion_without_payload_changes_nothing, 0, NULL},
        {"a failure without a code is invalid", a_failure_without_a_code_is_invalid, 0, NULL},
        {"a call's result is a pointer", a_calls_result_is_a_pointer, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
