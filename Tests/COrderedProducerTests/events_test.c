/* SPDX-License-Identifier: Apache-2.0 */
/* Events: what happens to each item is told once, in order, on the thread on which it happens, for every consumer. */
#include "Support/check.h"

#include <errno.h>
#include <ordered_producer.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ITEMS = 200, WINDOW = 8, FAILING = 50, EVENTS = OIP_DELIVERED + 1 };

static struct seen {
    pthread_mutex_t lock;
    int counts[ITEMS][EVENTS];
    uint64_t times[ITEMS][EVENTS];
    uint32_t threads[ITEMS][EVENTS];
    int codes[ITEMS];
    bool reserved[ITEMS];
    int misplaced; /* events that came before their predecessor */
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void note(void *context, const struct oip_event *event)
{
    CHECK(context == &seen);
    CHECK(event->sequence < ITEMS);
    CHECK_EQUAL(event->thread, syscall(SYS_gettid));
    pthread_mutex_lock(&seen.lock);
    if (event->kind != OIP_REQUESTED && seen.counts[event->sequence][event->kind - 1] == 0) {
        seen.misplaced++;
    }
    seen.counts[event->sequence][event->kind]++;
    seen.times[event->sequence][event->kind] = event->time;
    seen.threads[event->sequence][event->kind] = event->thread;
    if (event->kind == OIP_FINISHED) {
        seen.codes[event->sequence] = event->code;
    }
    pthread_mutex_unlock(&seen.lock);
}

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)context;
    *(uint64_t *)payload = sequence;
    return sequence == FAILING ? 7 : 0;
}

static void *consume(oip_producer *producer, void *argument)
{
    (void)argument;
    uint64_t item;
    while (oip_next(producer, &item, NULL) == 1) {
    }
    return NULL;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    (void)context;
    (void)payload;
    /* The consumer has it: so says the event that came before. */
    pthread_mutex_lock(&seen.lock);
    int told = seen.counts[sequence][OIP_DELIVERED];
    pthread_mutex_unlock(&seen.lock);
    CHECK_EQUAL(told, 1);
    return 0;
}

static oip_producer *make(oip_pool *pool, bool observed)
{
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = WINDOW;
    options.on_failure = OIP_SKIP;
    options.payload_size = sizeof(uint64_t);
    options.payload_align = _Alignof(uint64_t);
    options.run = run;
    options.observe = observed ? note : NULL;
    options.observe_context = &seen;
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool, &options), 0);
    return producer;
}

/* Each way to ask for items, in turn. */
static void ask(oip_producer *producer)
{
    uint64_t inputs[4] = {0};
    for (int i = 0; i < ITEMS;) {
        uint64_t sequence;
        size_t accepted = 0;
        switch (i % 5) {
        case 0:
            CHECK_EQUAL(oip_reserve(producer, &sequence), 0);
            CHECK_EQUAL(sequence, i);
            seen.reserved[i] = true;
            if (i == FAILING) {
                oip_fail(producer, sequence, 7);
            } else {
                oip_complete(producer, sequence, &sequence);
            }
            i++;
            break;
        case 1:
            CHECK_EQUAL(oip_produce_many(producer, inputs, i + 4 <= ITEMS ? 4 : 1, &accepted), 0);
            i += (int)accepted;
            break;
        default:
            CHECK_EQUAL(oip_produce(producer, inputs, &sequence), 0);
            i++;
        }
    }
}

static void check_all(void)
{
    CHECK_EQUAL(seen.misplaced, 0);
    for (int i = 0; i < ITEMS; i++) {
        int delivered = i != FAILING; /* it was skipped */
        CHECK_EQUAL(seen.counts[i][OIP_REQUESTED], 1);
        CHECK_EQUAL(seen.counts[i][OIP_STARTED], 1);
        CHECK_EQUAL(seen.counts[i][OIP_FINISHED], 1);
        CHECK_EQUAL(seen.counts[i][OIP_DELIVERED], delivered);
        CHECK_EQUAL(seen.codes[i], i == FAILING ? 7 : 0);
        for (int kind = 1; kind < EVENTS - !delivered; kind++) {
            CHECK(seen.times[i][kind] >= seen.times[i][kind - 1]);
        }
        CHECK(seen.reserved[i] || seen.threads[i][OIP_STARTED] == seen.threads[i][OIP_FINISHED]);
    }
}

static void a_consumer_thread(int variant)
{
    (void)variant;
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, NULL), 0);
    oip_producer *producer = make(pool, true);
    CHECK_EQUAL(oip_start(producer, consume, NULL), 0);
    ask(producer);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    check_all();
    oip_producer_release(producer);
    oip_pool_release(pool);
}

static void a_sink(int variant)
{
    (void)variant;
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, NULL), 0);
    oip_producer *producer = make(pool, true);
    CHECK_EQUAL(oip_start_sink(producer, sink, NULL), 0);
    ask(producer);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    check_all();
    oip_producer_release(producer);
    oip_pool_release(pool);
}

static void a_loop(int variant)
{
    (void)variant;
    oip_pool *pool;
    oip_ready_queue *queue;
    CHECK_EQUAL(oip_pool_create(&pool, NULL), 0);
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    oip_producer *producer = make(pool, true);
    CHECK_EQUAL(oip_attach_ready_queue(producer, queue, producer), 0);
    uint64_t item, input = 0;
    for (int i = 0; i < ITEMS; i++) {
        CHECK_EQUAL(oip_try_produce(producer, &input, NULL), 0);
        void *tag;
        int taken;
        while ((taken = oip_try_next(producer, &item, NULL)) == -EAGAIN && i != FAILING) {
            CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
            oip_ready_queue_take(queue, &tag);
        }
    }
    while (oip_try_next(producer, &item, NULL) == 1) {
    }
    oip_detach(producer);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    for (int i = 0; i < FAILING; i++) {
        CHECK_EQUAL(seen.counts[i][OIP_DELIVERED], 1);
        CHECK_EQUAL(seen.threads[i][OIP_DELIVERED], syscall(SYS_gettid));
    }
    CHECK_EQUAL(seen.misplaced, 0);
    oip_producer_release(producer);
    oip_ready_queue_release(queue);
    oip_pool_release(pool);
}

/* An observer that was not asked for is not told, whatever its context. */
static void nobody_watches(int variant)
{
    (void)variant;
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, NULL), 0);
    oip_producer *producer = make(pool, false);
    CHECK_EQUAL(oip_start(producer, consume, NULL), 0);
    ask(producer);
    CHECK_EQUAL(oip_stop(producer, NULL), 0);
    for (int i = 0; i < ITEMS; i++) {
        CHECK_EQUAL(seen.counts[i][OIP_REQUESTED], 0);
    }
    oip_producer_release(producer);
    oip_pool_release(pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a_consumer_thread", a_consumer_thread, 0, NULL},
        {"a_sink", a_sink, 0, NULL},
        {"a_loop", a_loop, 0, NULL},
        {"nobody_watches", nobody_watches, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
