/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios.h"

#include "Support/threads.h"

static int pass(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

void *count_items(oip_producer *producer, void *argument)
{
    uint64_t item;
    while (oip_next(producer, &item, NULL) == 1) {
        ++*(uint64_t *)argument;
    }
    return argument;
}

const struct oip_producer_options small_options = {
    .size = sizeof small_options, .window = 8, .payload_size = sizeof(uint64_t), .run = pass};

/* Shows that a producer works: in a thread, unless it has a consumer already. */
static void expect_works(oip_producer *producer, uint64_t *count)
{
    for (uint64_t i = 0; i < 20; i++) {
        CHECK_EQUAL(oip_produce(producer, &i, NULL), 0);
    }
    void *value = NULL;
    CHECK_EQUAL(oip_stop(producer, &value), 0);
    CHECK(value == count);
    CHECK_EQUAL(*count, 20);
}

/* --------------------------------------------------------------------------------------------------- scenarios ---- */

static void end_pool(struct stage *stage)
{
    pool_end(stage->pool);
    stage->pool = NULL;
}

static void use_producer(struct stage *stage)
{
    uint64_t count = 0;
    CHECK_EQUAL(oip_start(stage->producer, count_items, &count), 0);
    expect_works(stage->producer, &count);
    oip_producer_release(stage->producer);
    stage->producer = NULL;
}

static int make_producer(struct stage *stage)
{
    return oip_producer_create(&stage->producer, stage->pool, &small_options);
}

/* The thread of its last consumer is joined by the next one's, or by the shutdown: from now on there is one. */
static void some_pool(struct stage *stage)
{
    stage->pool = pool_of(2);
    struct census settled = census_now();
    settled.threads++;
    CHECK_EQUAL(make_producer(stage), 0);
    use_producer(stage);
    WAIT_UNTIL(census_equal(settled, census_now()));
}

static int make_pool(struct stage *stage, uint32_t threads, size_t stack_size, size_t cpu_count)
{
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    uint32_t cpus[] = {0, 0, 0};
    options.threads = threads;
    options.stack_size = stack_size;
    options.cpus = cpu_count != 0 ? cpus : NULL;
    options.cpu_count = cpu_count;
    return oip_pool_create(&stage->pool, &options);
}

static int make_default_pool(struct stage *stage)
{
    return oip_pool_create(&stage->pool, NULL);
}

static int make_bound_pool(struct stage *stage)
{
    return make_pool(stage, 3, 1 << 20, 3);
}

int make_large_pool(struct stage *stage)
{
    return make_pool(stage, 16, 0, 0);
}

static void no_pool(struct stage *stage)
{
    CHECK(stage->pool == NULL);
    WAIT_UNTIL(library_threads() == 0);
}

void use_pool(struct stage *stage)
{
    CHECK_EQUAL(oip_producer_create(&stage->producer, stage->pool, &small_options), 0);
    use_producer(stage);
    end_pool(stage);
}

static int grow(struct stage *stage)
{
    return oip_pool_resize(stage->pool, 6);
}

static void two_threads(struct stage *stage)
{
    CHECK_EQUAL(oip_pool_threads(stage->pool), 2);
    WAIT_UNTIL(library_threads() == 2);
}

static void shrink(struct stage *stage)
{
    CHECK_EQUAL(oip_pool_threads(stage->pool), 6);
    WAIT_UNTIL(library_threads() == 6);
    CHECK_EQUAL(oip_pool_resize(stage->pool, 2), 0);
    two_threads(stage);
    CHECK_EQUAL(oip_pool_resize(stage->pool, 2), 0); /* joins those that have left */
}

/* Before the first time that the places exist, each attempt finds a pool that never was larger. */
static void shrink_for_good(struct stage *stage)
{
    shrink(stage);
    end_pool(stage);
    some_pool(stage);
}

static int make_large_producer(struct stage *stage)
{
    struct oip_producer_options options = small_options;
    options.window = 1 << 20;
    return oip_producer_create(&stage->producer, stage->pool, &options);
}

/* The first of its kind on its pool: it brings the timekeeper. */
static int make_producer_with_deadlines(struct stage *stage)
{
    int result = make_pool(stage, 1, 1 << 20, 0);
    if (result == 0) {
        struct oip_producer_options options = small_options;
        options.deadlines = true;
        result = oip_producer_create(&stage->producer, stage->pool, &options);
        if (result != 0) {
            end_pool(stage);
        }
    }
    return result;
}

static void use_producer_with_deadlines(struct stage *stage)
{
    use_producer(stage);
    end_pool(stage);
}

static void no_producer(struct stage *stage)
{
    CHECK(stage->producer == NULL);
}

/* So many producers that the run queue has to get memory now and then. */
static int make_many(struct stage *stage)
{
    int result = 0;
    int made = 0;
    while (made < SPARE && result == 0) {
        result = oip_producer_create(&stage->spare[made], stage->pool, &small_options);
        made += result == 0;
    }
    while (result != 0 && made > 0) {
        oip_producer_release(stage->spare[--made]);
    }
    return result;
}

static void end_many(struct stage *stage)
{
    for (int i = 0; i < SPARE; i++) {
        oip_producer_release(stage->spare[i]);
    }
    end_pool(stage);
    some_pool(stage);
}

static int make_queue(struct stage *stage)
{
    return oip_ready_queue_create(&stage->queue, NULL);
}

static void no_queue(struct stage *stage)
{
    CHECK(stage->queue == NULL);
}

static void end_queue(struct stage *stage)
{
    oip_ready_queue_release(stage->queue);
    stage->queue = NULL;
}

static void told(void *argument)
{
    sem_post(&((struct stage *)argument)->ran);
}

static int run_function(struct stage *stage)
{
    return oip_pool_run(stage->pool, told, stage);
}

static void not_run(struct stage *stage)
{
    CHECK(sem_trywait(&stage->ran) != 0);
}

static void was_run(struct stage *stage)
{
    wait_for(&stage->ran);
    not_run(stage); /* again */
    end_pool(stage);
    some_pool(stage);
}

/* With as many producers as the run queue has places for: the function's needs memory. */
static void full_pool(struct stage *stage)
{
    enum { PLACES = 15 };
    some_pool(stage);
    for (int i = 0; i < PLACES; i++) {
        CHECK_EQUAL(oip_producer_create(&stage->spare[i], stage->pool, &small_options), 0);
    }
}

static void end_full_pool(struct stage *stage)
{
    for (int i = 0; i < SPARE && stage->spare[i] != NULL; i++) {
        oip_producer_release(stage->spare[i]);
        stage->spare[i] = NULL;
    }
    end_pool(stage);
}

static void was_run_in_full_pool(struct stage *stage)
{
    wait_for(&stage->ran);
    end_full_pool(stage);
    full_pool(stage);
}

static uint64_t counted;

static void some_producer(struct stage *stage)
{
    some_pool(stage);
    CHECK_EQUAL(make_producer(stage), 0);
}

static int start_thread_consumer(struct stage *stage)
{
    return oip_start(stage->producer, count_items, &counted);
}

/* Still without a consumer: its items run. */
static void not_started(struct stage *stage)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(stage->producer, &statistics), 0);
    CHECK_EQUAL(statistics.outstanding, 0);
    CHECK_EQUAL(oip_failure(stage->producer, NULL, NULL), 0);
}

static void was_started(struct stage *stage)
{
    counted = 0;
    expect_works(stage->producer, &counted);
    oip_producer_release(stage->producer);
    end_pool(stage);
    some_producer(stage);
}

static void end_producer(struct stage *stage)
{
    oip_producer_release(stage->producer);
    stage->producer = NULL;
    end_pool(stage);
}

const struct scenario scenarios[] = {
    {"a pool", NULL, make_default_pool, no_pool, use_pool, NULL, 10, false},
    {"a pool bound to processors", NULL, make_bound_pool, no_pool, use_pool, NULL, 20, false},
    {"a pool of 16", NULL, make_large_pool, no_pool, use_pool, NULL, 64, false},
    {"more threads", some_pool, grow, two_threads, shrink_for_good, end_pool, 16, true},
    {"more threads in old places", some_pool, grow, two_threads, shrink, end_pool, 12, true},
    {"a consumer thread", some_producer, start_thread_consumer, not_started, was_started, end_producer, 2, false},
    {"a large window", some_pool, make_large_producer, no_producer, use_producer, end_pool, 3, false},
    {"a producer with deadlines", NULL, make_producer_with_deadlines, no_pool, use_producer_with_deadlines, NULL, 14,
     false},
    {"a whole life", NULL, live_whole_life, no_pool, NULL, NULL, 18, false},
    /* What these need is small: libc mostly has it. */
    {"a producer", some_pool, make_producer, no_producer, use_producer, end_pool, 3, false},
    {"40 producers", some_pool, make_many, no_producer, end_many, end_pool, 122, true},
    {"a ready queue", NULL, make_queue, no_queue, end_queue, NULL, 1, false},
    {"a function", some_pool, run_function, not_run, was_run, end_pool, 1, false},
    {"a function that needs a place", full_pool, run_function, not_run, was_run_in_full_pool, end_full_pool, 2, false},
};

const int scenario_count = sizeof scenarios / sizeof scenarios[0];
const int large_scenario_count = 9;
