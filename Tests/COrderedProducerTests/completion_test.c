/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completions and failures of sequences that are not reserved, or not any more: counted, their payloads discarded, and
 * nothing else changes. With and without deadlines, for each kind of consumer.
 */
#include "Support/lane.h"

#include <sched.h>
#include <stdio.h>

enum { SECOND = 1000, VARIANTS = 2 * CONSUMERS };

static enum consumer consumer;
static bool deadlines;
static oip_pool *pool;
static oip_producer *producer;
static oip_ready_queue *queue;
static pthread_t loop;
static atomic_uint_fast64_t sum_delivered, sum_discarded, delivered, discarded, told_late;
static sem_t arrivals, hold;

static void take(uint64_t value)
{
    atomic_fetch_add(&sum_delivered, value);
    atomic_fetch_add(&delivered, 1);
    sem_post(&arrivals);
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)sequence;
    take(*(uint64_t *)payload);
    return 0;
}

static void *consume(oip_producer *from, void *argument)
{
    uint64_t value;
    while (oip_next(from, &value, NULL) == 1) {
        take(value);
    }
    return argument;
}

static void *consume_attached(void *argument)
{
    consume(producer, argument);
    oip_detach(producer);
    return NULL;
}

static void *consume_in_loop(void *argument)
{
    uint64_t value;
    void *tag;
    int result;
    while ((result = oip_try_next(producer, &value, NULL)) != 0) {
        if (result == 1) {
            take(value);
        } else if (oip_ready_queue_take(queue, &tag) == 0) {
            CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
        }
    }
    oip_detach(producer);
    return argument;
}

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)sequence;
    wait_for(&hold);
    *(uint64_t *)payload += 1;
    return 0;
}

static void discard(void *context, void *payload, enum oip_payload_state state)
{
    (void)context;
    CHECK_EQUAL(state, OIP_PAYLOAD_OUTPUT);
    atomic_fetch_add(&sum_discarded, *(uint64_t *)payload);
    atomic_fetch_add(&discarded, 1);
}

static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    (void)context, (void)sequence, (void)argument;
    *(uint64_t *)payload = 0;
    return 0;
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    (void)context, (void)payload, (void)sequence, (void)code;
    atomic_fetch_add(&told_late, late);
}

static void begin(int variant, struct oip_producer_options options)
{
    consumer = (enum consumer)(variant % CONSUMERS);
    deadlines = variant >= CONSUMERS;
    options.size = sizeof options;
    options.payload_size = sizeof(uint64_t);
    options.run = run;
    options.discard = discard;
    if (deadlines) {
        options.deadlines = true;
        options.substitute = substitute;
        options.failed = failed;
    }
    pool = pool_of(2);
    sem_init(&arrivals, 0, 0);
    sem_init(&hold, 0, 0);
    CHECK_EQUAL(oip_producer_create(&producer, pool, &options), 0);
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    switch (consumer) {
    case THREAD:
        CHECK_EQUAL(oip_start(producer, consume, NULL), 0);
        break;
    case SINK:
        CHECK_EQUAL(oip_start_sink(producer, sink, NULL), 0);
        break;
    case ATTACHED:
        CHECK_EQUAL(oip_attach(producer), 0);
        CHECK_EQUAL(pthread_create(&loop, NULL, consume_attached, NULL), 0);
        break;
    default:
        CHECK_EQUAL(oip_attach_ready_queue(producer, queue, NULL), 0);
        CHECK_EQUAL(pthread_create(&loop, NULL, consume_in_loop, NULL), 0);
    }
}

static struct oip_statistics statistics(void)
{
    struct oip_statistics now = {.size = sizeof now};
    CHECK_EQUAL(oip_get_statistics(producer, &now), 0);
    return now;
}

/* All that was reserved has come to an end; besides it there were `surplus` calls. */
static void end(uint64_t surplus)
{
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    struct oip_statistics now = statistics();
    CHECK_EQUAL(now.surplus, surplus);
    CHECK_EQUAL(now.delivered + now.failed + now.discarded, now.requested);
    CHECK_EQUAL(now.delivered, atomic_load(&delivered));
    CHECK_EQUAL(now.late, 0);
    if (consumer == ATTACHED || consumer == LOOP) {
        CHECK_EQUAL(pthread_join(loop, NULL), 0);
    }
    oip_producer_release(producer);
    oip_ready_queue_release(queue);
    pool_end(pool);
}

static uint64_t reserve(uint64_t deadline_ns)
{
    uint64_t sequence = UINT64_MAX;
    struct oip_request request = OIP_REQUEST_INIT;
    request.deadline_ns = deadline_ns;
    CHECK_EQUAL(oip_request(producer, &request, &sequence), 0);
    return sequence;
}

static void complete(uint64_t sequence, uint64_t value)
{
    oip_complete(producer, sequence, &value);
}

/* ---------------------------------------------------------------------------------------- one after another ---- */

static void the_first_completion_counts(int variant)
{
    begin(variant, (struct oip_producer_options){.window = 4});
    oip_pause(producer);
    uint64_t sequence = reserve(0);
    complete(sequence, 1);
    complete(sequence, SECOND); /* it is finished, and not delivered */
    oip_fail(producer, sequence, 5);
    oip_resume(producer);
    wait_for(&arrivals);
    complete(sequence, SECOND); /* it is delivered */
    oip_fail(producer, sequence, 5);
    CHECK_EQUAL(oip_failure(producer, NULL, NULL), 0);
    end(4);
    CHECK_EQUAL(atomic_load(&sum_delivered), 1);
    CHECK_EQUAL(atomic_load(&sum_discarded), 2 * SECOND);
    CHECK_EQUAL(atomic_load(&told_late), deadlines ? 2 : 0);
}

static void the_first_failure_counts(int variant)
{
    begin(variant, (struct oip_producer_options){.window = 4, .on_failure = OIP_SKIP});
    uint64_t sequence = reserve(0);
    oip_fail(producer, sequence, 5);
    complete(sequence, SECOND);
    oip_fail_with(producer, sequence, 6, NULL);
    CHECK_EQUAL(statistics().failed, 1);
    end(2);
    CHECK_EQUAL(atomic_load(&sum_discarded), SECOND);
}

/* Window 1: each item is in the slot of the one before. */
static void an_item_of_a_later_lap_is_not_touched(int variant)
{
    begin(variant, (struct oip_producer_options){.window = 1});
    uint64_t first = reserve(0);
    complete(first, 1);
    wait_for(&arrivals);
    uint64_t second = reserve(0);
    complete(first, SECOND);
    oip_fail(producer, first, 5);
    CHECK_EQUAL(statistics().running, 1);
    complete(second, 2);
    wait_for(&arrivals);
    end(2);
    CHECK_EQUAL(atomic_load(&sum_delivered), 3);
    CHECK_EQUAL(atomic_load(&sum_discarded), SECOND);
}

static void a_sequence_that_was_never_given(int variant)
{
    static const uint64_t never[] = {0, 1, 4, (uint64_t)1 << 61, UINT64_MAX};
    enum { NEVER_GIVEN = sizeof never / sizeof *never };
    begin(variant, (struct oip_producer_options){.window = 4});
    for (int i = 0; i < NEVER_GIVEN; i++) {
        complete(never[i], SECOND);
        oip_fail(producer, never[i], 5);
    }
    uint64_t sequence = reserve(0);
    CHECK_EQUAL(sequence, 0);
    complete((uint64_t)1 << 61, SECOND); /* whose stamp would have the same bits */
    CHECK_EQUAL(statistics().running, 1);
    complete(sequence, 1);
    wait_for(&arrivals);
    end(2 * NEVER_GIVEN + 1);
    CHECK_EQUAL(atomic_load(&sum_delivered), 1);
    CHECK_EQUAL(atomic_load(&sum_discarded), (NEVER_GIVEN + 1) * SECOND);
}

/* It runs, which for items with deadlines is in a copy: its slot looks like a reserved one's. */
static void an_item_that_the_pool_makes(int variant)
{
    begin(variant, (struct oip_producer_options){.window = 4, .no_assist = true});
    uint64_t value = 7, sequence;
    CHECK_EQUAL(oip_produce(producer, &value, &sequence), 0);
    WAIT_UNTIL(statistics().running == 1);
    complete(sequence, SECOND);
    oip_fail(producer, sequence, 5);
    CHECK_EQUAL(statistics().finished_waiting + atomic_load(&delivered), 0);
    sem_post(&hold);
    wait_for(&arrivals);
    complete(sequence, SECOND);
    end(3);
    CHECK_EQUAL(atomic_load(&sum_delivered), 8);
    CHECK_EQUAL(atomic_load(&sum_discarded), 2 * SECOND);
}

/* ---------------------------------------------------------------------------------------- at the same time ---- */

static _Atomic uint64_t contended;
static pthread_barrier_t together;

static void *complete_each(void *argument)
{
    for (int round = 0; round < 500; round++) {
        pthread_barrier_wait(&together);
        complete(atomic_load(&contended), *(uint64_t *)argument);
        pthread_barrier_wait(&together);
    }
    return NULL;
}

static void one_of_two_completions_at_once(int variant)
{
    begin(variant, (struct oip_producer_options){.window = 4});
    uint64_t values[] = {1, 1};
    pthread_t threads[2];
    CHECK_EQUAL(pthread_barrier_init(&together, NULL, 3), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, complete_each, &values[i]), 0);
    }
    for (int round = 0; round < 500; round++) {
        atomic_store(&contended, reserve(0));
        pthread_barrier_wait(&together);
        wait_for(&arrivals);
        pthread_barrier_wait(&together);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    end(500);
    CHECK_EQUAL(atomic_load(&sum_delivered), 500);
    CHECK_EQUAL(atomic_load(&sum_discarded), 500);
}

/* -------------------------------------------------------------------------------------------- after a deadline ---- */

static void only_the_first_completion_is_late(int variant)
{
    begin(variant + CONSUMERS, (struct oip_producer_options){.window = 4});
    uint64_t first = reserve(1), second = reserve(1);
    wait_for(&arrivals); /* both were overtaken: their substitutes are here */
    wait_for(&arrivals);
    CHECK_EQUAL(statistics().late, 2);
    complete(first, SECOND);
    CHECK_EQUAL(statistics().late, 1);
    complete(first, SECOND); /* would take the place of the other one that is late */
    oip_fail(producer, first, 5);
    CHECK_EQUAL(statistics().late, 1);
    oip_fail(producer, second, 5);
    oip_fail(producer, second, 5);
    CHECK_EQUAL(statistics().late, 0);
    end(3);
    CHECK_EQUAL(atomic_load(&sum_discarded), 2 * SECOND);
    CHECK_EQUAL(atomic_load(&told_late), 3);
}

/* More late items than the window has: each is known by its sequence. */
static void many_are_late(int variant)
{
    enum { ITEMS = 300 };
    begin(variant + CONSUMERS, (struct oip_producer_options){.window = 2});
    for (int i = 0; i < ITEMS; i++) {
        CHECK_EQUAL(reserve(1), i);
        wait_for(&arrivals);
    }
    CHECK_EQUAL(statistics().late, ITEMS);
    for (int i = 0; i < ITEMS; i++) {
        uint64_t sequence = (uint64_t)(i * 7) % ITEMS;
        complete(sequence, 1);
        complete(sequence, 1);
        CHECK_EQUAL(statistics().late, ITEMS - 1 - i);
    }
    end(ITEMS);
    CHECK_EQUAL(atomic_load(&discarded), 2 * ITEMS);
}

static const char *variant_name(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s%s", consumer_name(variant % CONSUMERS), variant < CONSUMERS ? "" : ", deadlines");
    return name;
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the first completion counts", the_first_completion_counts, VARIANTS, variant_name},
        {"the first failure counts", the_first_failure_counts, VARIANTS, variant_name},
        {"an item of a later lap is not touched", an_item_of_a_later_lap_is_not_touched, VARIANTS, variant_name},
        {"a sequence that was never given", a_sequence_that_was_never_given, VARIANTS, variant_name},
        {"an item that the pool makes", an_item_that_the_pool_makes, VARIANTS, variant_name},
        {"one of two completions at once", one_of_two_completions_at_once, VARIANTS, variant_name},
        {"only the first completion is late", only_the_first_completion_is_late, CONSUMERS, consumer_name},
        {"many are late", many_are_late, CONSUMERS, consumer_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
