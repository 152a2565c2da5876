/* SPDX-License-Identifier: Apache-2.0 */
/* Admission: sequences, and items that finish elsewhere. How callers wait: window_test.c. */
#include "Support/lane.h"

#include <stdlib.h>

enum { THREADS = 4, EACH = 500 };

static void sequences_count_from_zero(int variant)
{
    enum way way = (enum way)variant;
    struct lane *lane = lane_create(way, SINK, 100, 2, OPTIONS(.window = 16));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 100), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    for (int i = 0; i < 100; i++) {
        CHECK_EQUAL(lane->items[i].sequence, i);
        CHECK(way == BY_MANY || lane->items[i].given == (uint64_t)i);
    }
    lane_end(lane);
}

static void a_sequence_need_not_be_asked_for(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 3, 1, NULL);
    struct payload payloads[3] = {lane_input(lane, 0), lane_input(lane, 1), lane_input(lane, 2)};
    CHECK_EQUAL(oip_produce(lane->producer, &payloads[0], NULL), 0);
    CHECK_EQUAL(oip_try_produce(lane->producer, &payloads[1], NULL), 0);
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    CHECK_EQUAL(oip_produce_async(lane->producer, &payloads[2], NULL, &waiter.waiter), 0);
    for (int i = 0; i < 3; i++) {
        lane_accepted(lane, i, (uint64_t)i);
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 3);
    lane_end(lane);
}

static void *ask_part(void *argument)
{
    struct item *first = argument;
    CHECK_EQUAL(lane_ask(first->lane, (int)(first - first->lane->items), EACH), 0);
    return NULL;
}

static void callers_at_the_same_time_get_sequences_of_their_own(int variant)
{
    struct lane *lane = lane_of_variant(variant, THREADS * EACH, 2, OPTIONS(.window = 32));
    CHECK_EQUAL(lane_start(lane), 0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, ask_part, &lane->items[i * EACH]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), THREADS * EACH);
    for (int i = 0; i < THREADS * EACH; i++) {
        CHECK_EQUAL(lane->order[i], i);
        CHECK(i % EACH == 0 || lane->items[i].sequence > lane->items[i - 1].sequence);
    }
    lane_end(lane);
}

/* --------------------------------------------------------------------------------- items that finish elsewhere ---- */

static int give_back(void *context, void *payload, uint64_t sequence)
{
    (void)sequence;
    CHECK_EQUAL(*(uint64_t *)payload, (*(uint64_t *)context)++);
    return 0;
}

static atomic_int discarded;

static void count_discarded(void *context, void *payload, enum oip_payload_state state)
{
    (void)context, (void)payload;
    CHECK_EQUAL(state, OIP_PAYLOAD_OUTPUT);
    atomic_fetch_add(&discarded, 1);
}

static int no_run(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    CHECK(!"a reserved item was run");
    return 0;
}

static oip_producer *plain_producer(oip_pool *pool, enum oip_failure_policy policy)
{
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool,
                                    OPTIONS(.window = 64, .payload_size = 8, .run = no_run, .on_failure = policy,
                                            .discard = count_discarded)),
                0);
    return producer;
}

/* Finished back to front, from this thread. */
static void reserved_items_finish_in_any_order(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    oip_producer *producer = plain_producer(pool, OIP_END_IN_ORDER);
    CHECK_EQUAL(oip_attach(producer), 0);
    uint64_t sequences[64], payload, sequence;
    for (int i = 0; i < 64; i++) {
        CHECK_EQUAL(oip_reserve(producer, &sequences[i]), 0);
        CHECK_EQUAL(sequences[i], i);
    }
    CHECK_EQUAL(oip_try_reserve(producer, &sequence), -EAGAIN);
    for (int i = 63; i >= 0; i--) {
        CHECK_EQUAL(oip_try_next(producer, &payload, &sequence), -EAGAIN);
        oip_complete(producer, sequences[i], &sequences[i]);
    }
    for (uint64_t next = 0; next < 64; next++) {
        CHECK_EQUAL(oip_next(producer, &payload, &sequence), 1);
        CHECK_EQUAL(sequence, next);
        CHECK_EQUAL(payload, next);
    }
    CHECK_EQUAL(oip_try_next(producer, &payload, &sequence), -EAGAIN);
    oip_detach(producer);
    oip_producer_release(producer);
    pool_end(pool);
    CHECK_EQUAL(atomic_load(&discarded), 0);
}

/* Also after production has ended, and after the handle is gone: the payload is taken over in every case. */
static void reserved_items_may_finish_after_the_end(int released)
{
    oip_pool *pool = pool_of(1);
    oip_producer *producer = plain_producer(pool, OIP_END_IN_ORDER);
    uint64_t next = 0, sequences[4];
    CHECK_EQUAL(oip_start_sink(producer, give_back, &next), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(oip_reserve(producer, &sequences[i]), 0);
    }
    if (released) {
        oip_producer_release(producer);
    } else {
        oip_stop_producing(producer);
    }
    oip_complete(producer, sequences[2], &sequences[2]);
    oip_fail(producer, sequences[0], 5);
    oip_complete(producer, sequences[1], &sequences[1]);
    oip_complete(producer, sequences[3], &sequences[3]);
    if (!released) {
        CHECK_EQUAL(oip_stop(producer, NULL), 0);
        CHECK_EQUAL(oip_failure(producer, NULL, NULL), 0); /* production had ended before it */
        oip_producer_release(producer);
    }
    pool_end(pool);
    CHECK_EQUAL(next, 0);
    CHECK_EQUAL(atomic_load(&discarded), 3);
}

static const char *stopped_or_released(int released)
{
    return released ? "released" : "stopped";
}

static void stop_waits_for_reserved_items(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    oip_producer *producer = plain_producer(pool, OIP_SKIP);
    uint64_t next = 0, sequences[3];
    CHECK_EQUAL(oip_start_sink(producer, give_back, &next), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(oip_reserve(producer, &sequences[i]), 0);
    }
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    CHECK_EQUAL(oip_stop_async(producer, &stopped.waiter), -EINPROGRESS);
    oip_fail(producer, sequences[1], 9);
    uint64_t values[] = {0, 1};
    oip_complete(producer, sequences[0], &values[0]);
    CHECK(sem_trywait(&stopped.told) != 0); /* one is missing: production cannot have ended */
    oip_complete(producer, sequences[2], &values[1]);
    wait_for(&stopped.told);
    CHECK_EQUAL(stopped.result, 0);
    CHECK_EQUAL(next, 2);
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(producer, &statistics), 0);
    CHECK_EQUAL(statistics.skipped, 1);
    oip_producer_release(producer);
    pool_end(pool);
}

static void calls_need_a_producer_without_run(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    oip_producer *producer = plain_producer(pool, OIP_END_IN_ORDER);
    CHECK_EQUAL(oip_produce_call(producer, NULL, NULL, NULL), -EINVAL);
    oip_producer_release(producer);
    pool_end(pool);
}

/* Leaves other than zeros where the next call has its locals. */
static __attribute__((noinline)) void soil_the_stack(void)
{
    volatile unsigned char dirt[4096];
    for (size_t i = 0; i < sizeof dirt; i++) {
        dirt[i] = 0xa5;
    }
}

/* A field that it does not know is not what happens to be in its place. */
static void an_older_program_asks_for_what_it_knows(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 2, 1, OPTIONS(.window = 1));
    struct payload payload = lane_input(lane, 0);
    struct oip_request request = {
        .size = offsetof(struct oip_request, waiter), .payload = &payload, .nowait = true, .waiter = (void *)&request};
    uint64_t sequence;
    soil_the_stack();
    CHECK_EQUAL(oip_request(lane->producer, &request, &sequence), 0);
    lane_accepted(lane, 0, sequence);
    soil_the_stack();
    CHECK_EQUAL(oip_request(lane->producer, &request, NULL), -EAGAIN);
    request.size--;
    CHECK_EQUAL(oip_request(lane->producer, &request, NULL), -EINVAL);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"sequences count from zero", sequences_count_from_zero, WAYS, way_name},
        {"a sequence need not be asked for", a_sequence_need_not_be_asked_for, 0, NULL},
        {"callers at the same time", callers_at_the_same_time_get_sequences_of_their_own, WAYS * CONSUMERS, lane_name},
        {"reserved items finish in any order", reserved_items_finish_in_any_order, 0, NULL},
        {"reserved items may finish after the end", reserved_items_may_finish_after_the_end, 2, stopped_or_released},
        {"stop waits for reserved items", stop_waits_for_reserved_items, 0, NULL},
        {"an older program asks for what it knows", an_older_program_asks_for_what_it_knows, 0, NULL},
        {"calls need a producer without run", calls_need_a_producer_without_run, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
