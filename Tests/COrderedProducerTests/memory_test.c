/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: how much a producer takes, that items take none, and that payloads are where and what they should be. */
#include "wrapped.h"

#include "Support/threads.h"
#include "run_queue.h"

#include <sched.h>
#include <string.h>

static size_t up_to(size_t value, size_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

/*
 * window × (payload + 16 bytes, rounded to what the layout needs) + 4 KiB; the ring has a power of two of slots, and
 * where payloads have an alignment of their own it begins at a multiple of that.
 */
static void a_producer_stays_within_its_bound(int variant)
{
    (void)variant;
    static const size_t windows[] = {1, 16, 64, 1024, 1000, 65536}, sizes[] = {1, 8, 16, 24, 100, 4096};
    static const size_t aligns[] = {0, 8, 64, 1024};
    oip_pool *pool = pool_of(1);
    oip_producer_release(producer_with(pool, 1, 8, 0)); /* brings places in the run queue, for 64 producers at a time */
    for (size_t w = 0; w < 6; w++) {
        for (size_t s = 0; s < 6; s++) {
            for (size_t a = 0; a < 4; a++) {
                if (windows[w] > 1024 && sizes[s] > 100) {
                    continue;
                }
                long before = memory_requested();
                oip_producer *producer = producer_with(pool, windows[w], sizes[s], aligns[a]);
                size_t used = (size_t)(memory_requested() - before);
                size_t slots = 1;
                while (slots < windows[w]) {
                    slots *= 2;
                }
                size_t align = aligns[a] != 0 ? aligns[a] : 16;
                size_t item = up_to(sizes[s] + (align > 16 ? align : 16), align);
                size_t most = slots * item + 4096 + (align > 16 ? align : 0);
                if (used > most) {
                    check_failed(__FILE__, __LINE__, "window %zu, payload %zu aligned to %zu: %zu bytes, over %zu",
                                 windows[w], sizes[s], aligns[a], used, most);
                }
                oip_producer_release(producer);
            }
        }
    }
    pool_end(pool);
}

static void ten_thousand_idle_producers_are_small(int variant)
{
    (void)variant;
    enum { PRODUCERS = 10000 };
    static oip_producer *producers[PRODUCERS];
    oip_pool *pool = pool_of(2);
    WAIT_UNTIL(library_threads() == 2);
    long before = memory_held();
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = producer_with(pool, 16, 16, 0);
    }
    CHECK(memory_held() - before < 64L << 20);
    CHECK_EQUAL(library_threads(), 2); /* no thread each */
    for (int i = 0; i < PRODUCERS; i++) {
        oip_producer_release(producers[i]);
    }
    pool_end(pool);
    CHECK_EQUAL(memory_held(), 0); /* nothing is left, whatever the number */
}

static void *count_all(oip_producer *producer, void *argument)
{
    uint64_t payload[2];
    while (oip_next(producer, payload, NULL) == 1) {
        ++*(uint64_t *)argument;
    }
    return NULL;
}

static int count_one(void *context, void *payload, uint64_t sequence)
{
    (void)payload, (void)sequence;
    ++*(uint64_t *)context;
    return 0;
}

static void no_item_allocates(int sink)
{
    enum { ITEMS = 100000 };
    oip_pool *pool = pool_of(2);
    oip_producer *producer = producer_with(pool, 64, 16, 0);
    static uint64_t count;
    CHECK_EQUAL(sink ? oip_start_sink(producer, count_one, &count) : oip_start(producer, count_all, &count), 0);
    long before = memory_allocations();
    uint64_t payload[2] = {0};
    for (int i = 0; i < ITEMS; i++) { /* callers wait for room now and then: that allocates nothing either */
        CHECK_EQUAL(oip_produce(producer, payload, NULL), 0);
    }
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    CHECK_EQUAL(memory_allocations(), before);
    CHECK_EQUAL(count, ITEMS);
    oip_producer_release(producer);
    pool_end(pool);
}

static const char *thread_or_sink(int sink)
{
    return sink ? "sink" : "thread";
}

static void payloads_are_aligned_and_keep_every_byte(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    for (size_t align = 1; align <= 4096; align *= 4) {
        for (size_t size = 1; size < 300; size = size * 2 + 3) {
            oip_producer *producer = producer_with(pool, 3, size, align);
            CHECK_EQUAL(oip_attach(producer), 0);
            unsigned char in[3 * 8192], out[512];
            size_t stride = up_to(size, align);
            for (size_t i = 0; i < sizeof in; i++) {
                in[i] = (unsigned char)(i * 31 + size);
            }
            size_t accepted;
            CHECK_EQUAL(oip_try_produce_many(producer, in, 3, &accepted), 0);
            CHECK_EQUAL(accepted, 3);
            for (size_t i = 0; i < 3; i++) {
                memset(out, 0xee, sizeof out);
                CHECK_EQUAL(oip_next(producer, out, NULL), 1);
                CHECK(memcmp(out, in + i * stride, size) == 0);
                CHECK_EQUAL(out[size], 0xee); /* not a byte more */
            }
            oip_detach(producer);
            oip_producer_release(producer);
        }
    }
    pool_end(pool);
}

/* ------------------------------------------------------------------------------------------ what is given back ---- */

static atomic_int functions;

static void count_function(void *argument)
{
    (void)argument;
    atomic_fetch_add(&functions, 1);
}

/* Places in the run queue wander between producers and functions, and are used again. */
static void what_is_given_back_is_used_again(int variant)
{
    (void)variant;
    enum { ROUNDS = 500 };
    oip_pool *pool = pool_of(2);
    long held = 0;
    for (int round = 0; round < ROUNDS; round++) {
        oip_producer_release(producer_with(pool, 4, 8, 0));
        CHECK_EQUAL(oip_pool_run(pool, count_function, NULL), 0);
        WAIT_UNTIL(atomic_load(&functions) == round + 1);
        if (round == 0) {
            held = memory_held();
        }
    }
    /* The last function's own memory may go a moment after it was called, and so may that of the first. */
    WAIT_UNTIL(memory_held() <= held);
    pool_end(pool);
    CHECK_EQUAL(memory_held(), 0);
}

/* A node each, and little more: they come many at a time. */
static void a_place_in_the_run_queue_is_small(int variant)
{
    (void)variant;
    enum { RUNNABLES = 1000, MOST_BYTES = 2 * sizeof(struct node) };
    static struct run_queue queue;
    static struct runnable runnables[RUNNABLES];
    CHECK_EQUAL(run_queue_init(&queue), 0);
    for (int i = 0; i < RUNNABLES; i++) {
        CHECK_EQUAL(run_queue_admit(&queue, &runnables[i]), 0);
    }
    CHECK(memory_held() <= RUNNABLES * MOST_BYTES);
    run_queue_destroy(&queue);
    CHECK_EQUAL(memory_held(), 0);
}

enum ending { ORDINARY, AT_ONCE, FAILURE, LEFT, HANDLE_GONE, ENDINGS };

static int leave_at_the_fifth(struct lane *lane, struct item *item)
{
    return item == &lane->items[4];
}

static void nothing_is_left_of_a_lane(int variant)
{
    enum { ITEMS = 24 };
    int consumer = variant % CONSUMERS;
    int endings = consumer == THREAD || consumer == SINK ? ENDINGS : HANDLE_GONE; /* the others still need the handle */
    for (int ending = 0; ending < endings; ending++) {
        struct lane *lane = lane_of_variant(variant, ITEMS, 2, OPTIONS(.window = 8));
        lane->on_delivery = ending == LEFT ? leave_at_the_fifth : NULL;
        lane->items[7].code = ending == FAILURE ? 3 : 0;
        CHECK_EQUAL(lane_start(lane), 0);
        int result = lane_ask(lane, 0, ITEMS);
        CHECK(result == 0 || ((ending == FAILURE || ending == LEFT) && result == -EPIPE));
        if (ending == AT_ONCE) {
            oip_stop_producing(lane->producer);
        } else if (ending == HANDLE_GONE) {
            oip_producer_release(lane->producer);
            lane->gone = true;
        }
        lane_end(lane);
        WAIT_UNTIL(memory_held() == 0); /* the last to hold it may be just about to let go */
    }
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a producer stays within its bound", a_producer_stays_within_its_bound, 0, NULL},
        {"ten thousand idle producers are small", ten_thousand_idle_producers_are_small, 0, NULL},
        {"no item allocates", no_item_allocates, 2, thread_or_sink},
        {"payloads are aligned and keep every byte", payloads_are_aligned_and_keep_every_byte, 0, NULL},
        {"what is given back is used again", what_is_given_back_is_used_again, 0, NULL},
        {"a place in the run queue is small", a_place_in_the_run_queue_is_small, 0, NULL},
        {"nothing is left of a lane", nothing_is_left_of_a_lane, WAYS * CONSUMERS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
