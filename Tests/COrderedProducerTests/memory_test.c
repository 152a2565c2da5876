/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and what happens without it. The calls of the core to malloc and its like, and to pthread_create, are wrapped
 * by the linker (build.mk): counted here, and made to fail.
 */
#include "Support/lane.h"
#include "Support/threads.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static atomic_long allocations, requested, bytes;
static atomic_long fail_allocation_in = -1, fail_thread_in = -1; /* so many succeed before one fails; -1: none fails */

static bool fails(atomic_long *countdown)
{
    return atomic_load(countdown) >= 0 && atomic_fetch_sub(countdown, 1) == 0;
}

static void *counted(void *memory, size_t size)
{
    if (memory != NULL) {
        atomic_fetch_add(&requested, (long)size);
        atomic_fetch_add(&allocations, 1);
        atomic_fetch_add(&bytes, (long)malloc_usable_size(memory));
    }
    return memory;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *memory);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *memory);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

void *__wrap_malloc(size_t size)
{
    return fails(&fail_allocation_in) ? NULL : counted(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(&fail_allocation_in) ? NULL : counted(__real_calloc(count, size), count * size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return fails(&fail_allocation_in) ? NULL : counted(__real_aligned_alloc(align, size), size);
}

void __wrap_free(void *memory)
{
    if (memory != NULL) {
        atomic_fetch_sub(&bytes, (long)malloc_usable_size(memory));
    }
    __real_free(memory);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    return fails(&fail_thread_in) ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

/* ------------------------------------------------------------------------------------------------------- bounds ----
 */

static int run_nothing(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static oip_producer *producer_with(oip_pool *pool, size_t window, size_t payload_size, size_t align)
{
    oip_producer *producer = NULL;
    CHECK_EQUAL(oip_producer_create(&producer, pool,
                                    OPTIONS(.window = window, .payload_size = payload_size, .payload_align = align,
                                            .run = run_nothing)),
                0);
    return producer;
}

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
                long before = atomic_load(&requested);
                oip_producer *producer = producer_with(pool, windows[w], sizes[s], aligns[a]);
                size_t used = (size_t)(atomic_load(&requested) - before);
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
    long before = atomic_load(&bytes);
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = producer_with(pool, 16, 16, 0);
    }
    CHECK(atomic_load(&bytes) - before < 64L << 20);
    CHECK_EQUAL(library_threads(), 2); /* no thread each */
    for (int i = 0; i < PRODUCERS; i++) {
        oip_producer_release(producers[i]);
    }
    pool_end(pool);
    CHECK_EQUAL(atomic_load(&bytes), 0); /* nothing is left, whatever the number */
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
    long before = atomic_load(&allocations);
    uint64_t payload[2] = {0};
    for (int i = 0; i < ITEMS; i++) { /* callers wait for room now and then: that allocates nothing either */
        CHECK_EQUAL(oip_produce(producer, payload, NULL), 0);
    }
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&allocations), before);
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

/* ------------------------------------------------------------------------------------------------------ failures ----
 */

/* Lets the n-th allocation, then the n-th thread, of a call fail, for every n, until the call succeeds. */
static void a_pool_that_cannot_be_made_leaves_nothing(int threads_fail)
{
    atomic_long *countdown = threads_fail ? &fail_thread_in : &fail_allocation_in;
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = 4;
    uint32_t cpu = 0;
    options.cpus = threads_fail ? NULL : &cpu;
    options.cpu_count = !threads_fail;
    for (int n = 0;; n++) {
        oip_pool *pool = NULL;
        atomic_store(countdown, n);
        int result = oip_pool_create(&pool, &options);
        bool failed = atomic_exchange(countdown, -1) < 0;
        if (!failed) {
            CHECK(n >= 4); /* at least one of each thread */
            CHECK_EQUAL(result, 0);
            pool_end(pool);
            break;
        }
        CHECK_EQUAL(result, threads_fail ? -EAGAIN : -ENOMEM);
        CHECK(!threads_fail || strstr(oip_error_detail(), "pthread_create") != NULL);
        CHECK(pool == NULL);
        CHECK_EQUAL(atomic_load(&bytes), 0);
        WAIT_UNTIL(library_threads() == 0);
    }
    CHECK_EQUAL(atomic_load(&bytes), 0);
}

static const char *memory_or_threads(int threads)
{
    return threads ? "threads" : "memory";
}

static void a_producer_that_cannot_be_made_leaves_nothing(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    oip_producer *spare[64];
    for (int i = 0; i < 64; i++) {
        spare[i] = producer_with(pool, 1, 8, 0); /* the run queue's store has no node left: it allocates, too */
    }
    long before = atomic_load(&bytes);
    int n = 0;
    for (;; n++) {
        oip_producer *producer = NULL;
        atomic_store(&fail_allocation_in, n);
        int result =
            oip_producer_create(&producer, pool, OPTIONS(.window = 16, .payload_size = 16, .run = run_nothing));
        bool failed = atomic_exchange(&fail_allocation_in, -1) < 0;
        if (!failed) {
            CHECK_EQUAL(result, 0);
            oip_producer_release(producer);
            break;
        }
        CHECK_EQUAL(result, -ENOMEM);
        CHECK(producer == NULL);
        CHECK_EQUAL(atomic_load(&bytes), before);
    }
    CHECK(n >= 2);
    for (int i = 0; i < 64; i++) {
        oip_producer_release(spare[i]);
    }
    pool_end(pool);
    CHECK_EQUAL(atomic_load(&bytes), 0);
}

static void a_consumer_thread_that_cannot_be_made_changes_nothing(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 50, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    for (int i = 0; i < 3; i++) {
        atomic_store(&fail_thread_in, 0);
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
    atomic_store(&fail_thread_in, 2);
    CHECK_EQUAL(oip_pool_resize(pool, 6), -EAGAIN);
    CHECK(strstr(oip_error_detail(), "pthread_create") != NULL);
    CHECK_EQUAL(oip_pool_threads(pool), 2);
    WAIT_UNTIL(library_threads() == 2);
    CHECK_EQUAL(oip_pool_resize(pool, 6), 0);
    pool_end(pool);
    CHECK_EQUAL(atomic_load(&bytes), 0);
}

static void a_function_that_cannot_be_queued_is_refused(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    atomic_store(&fail_allocation_in, 0);
    CHECK_EQUAL(oip_pool_run(pool, free, NULL), -ENOMEM);
    atomic_store(&fail_allocation_in, 0);
    oip_ready_queue *queue = NULL;
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), -ENOMEM);
    CHECK(queue == NULL);
    pool_end(pool);
    CHECK_EQUAL(atomic_load(&bytes), 0);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a producer stays within its bound", a_producer_stays_within_its_bound, 0, NULL},
        {"ten thousand idle producers are small", ten_thousand_idle_producers_are_small, 0, NULL},
        {"no item allocates", no_item_allocates, 2, thread_or_sink},
        {"payloads are aligned and keep every byte", payloads_are_aligned_and_keep_every_byte, 0, NULL},
        {"a pool that cannot be made", a_pool_that_cannot_be_made_leaves_nothing, 2, memory_or_threads},
        {"a producer that cannot be made", a_producer_that_cannot_be_made_leaves_nothing, 0, NULL},
        {"a consumer thread that cannot be made", a_consumer_thread_that_cannot_be_made_changes_nothing, 0, NULL},
        {"a resize that fails", a_resize_that_fails_changes_nothing, 0, NULL},
        {"a function that cannot be queued", a_function_that_cannot_be_queued_is_refused, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
