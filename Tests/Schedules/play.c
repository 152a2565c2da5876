/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include "controller.h"

#include <errno.h>
#include <ordered_producer.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MOST_ITEMS = 24, MOST_CALLERS = 2, FAILURE = 7 };
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            controller_fail("play.c:%d: " #condition " does not hold", __LINE__);                                      \
        }                                                                                                              \
    } while (0)

struct item {
    unsigned begun, ended, delivered, inputs_discarded, outputs_discarded;
    bool accepted, failed, ended_behind_abort;
};

static const struct cast *cast;
static struct item items[MOST_ITEMS];
static uint64_t next_sequence; /* lowest that may be delivered */
static unsigned delivered, released;
static bool aborted;
static oip_pool *pool;
static oip_producer *producer;
static oip_ready_queue *queue;

/* --------------------------------------------------------------------------------------------------- the parts ---- */

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)sequence;
    uint64_t index = *(uint64_t *)payload;
    struct item *item = &items[index];
    REQUIRE(index < MOST_ITEMS && item->begun == 0 && item->inputs_discarded == 0);
    item->begun++;
    controller_spend(index == 3 && cast->slow != 0 ? cast->slow : cast->cost);
    if (cast->act == ABORT_INSIDE && index == 1) {
        oip_stop_producing(producer);
        aborted = true;
    }
    if (cast->asks_inside && index == 1) {
        uint64_t more = cast->callers * cast->items;
        int result = oip_produce(producer, &more, NULL);
        REQUIRE(result == 0 || result == -EDEADLK || result == -EPIPE);
        items[more].accepted = result == 0;
    }
    item->ended++;
    item->ended_behind_abort = aborted;
    item->failed = cast->fails && index == 1;
    return item->failed ? FAILURE : 0;
}

static void discard(void *context, void *payload, enum oip_payload_state state)
{
    (void)context;
    struct item *item = &items[*(uint64_t *)payload];
    if (state == OIP_PAYLOAD_INPUT) {
        REQUIRE(item->begun == 0 && item->inputs_discarded == 0);
        item->inputs_discarded++;
    } else {
        REQUIRE(item->ended == 1 && item->delivered == 0 && item->outputs_discarded == 0);
        item->outputs_discarded++;
    }
}

static void release(void *context)
{
    (void)context;
    REQUIRE(released++ == 0);
}

static void deliver(uint64_t index, uint64_t sequence)
{
    struct item *item = &items[index];
    REQUIRE(item->ended == 1 && !item->failed && item->delivered == 0 && item->outputs_discarded == 0);
    REQUIRE(!item->ended_behind_abort);
    REQUIRE(sequence >= next_sequence);
    next_sequence = sequence + 1;
    item->delivered++;
    delivered++;
}

static void *consume(oip_producer *from, void *argument)
{
    (void)argument;
    uint64_t index, sequence;
    while (oip_next(from, &index, &sequence) == 1) {
        deliver(index, sequence);
        if (cast->act == LEAVE) {
            break;
        }
    }
    return &items;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    (void)context;
    deliver(*(uint64_t *)payload, sequence);
    return cast->act == LEAVE ? 1 : 0;
}

/* Whether there may be more. */
static bool drain(void)
{
    uint64_t index, sequence;
    int taken;
    while ((taken = oip_try_next(producer, &index, &sequence)) == 1) {
        deliver(index, sequence);
    }
    REQUIRE(taken == 0 || taken == -EAGAIN);
    return taken != 0;
}

static void *loop(void *argument)
{
    (void)argument;
    void *tag;
    while (drain()) {
        do {
            REQUIRE(oip_ready_queue_wait(queue, -1) >= 0);
        } while (oip_ready_queue_take(queue, &tag) == 0);
    }
    return NULL;
}

static struct oip_waiter waiters[MOST_ITEMS];
static uint64_t payloads[MOST_ITEMS]; /* those of waiters stay where they are until they are told */

static void told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)sequence;
    size_t index = (size_t)(waiter - waiters);
    REQUIRE(!items[index].accepted);
    items[index].accepted = result == 0;
}

static void ask(uint64_t index)
{
    uint64_t sequence;
    int result;
    switch (cast->way) {
    case WITH_CALLBACK:
        waiters[index] = (struct oip_waiter){.done = told};
        payloads[index] = index;
        result = oip_produce_async(producer, &payloads[index], &sequence, &waiters[index]);
        if (result == -EINPROGRESS) {
            return;
        }
        break;
    case ELSEWHERE:
        result = oip_reserve(producer, &sequence);
        if (result == 0) {
            items[index].begun = 1;
            controller_spend(cast->cost);
            items[index].ended = 1;
            items[index].ended_behind_abort = aborted;
            oip_complete(producer, sequence, &index);
        }
        break;
    default:
        result = oip_produce(producer, &index, &sequence);
    }
    REQUIRE(result == 0 || result == -EPIPE || (result == -ESHUTDOWN && cast->act == SHUT_DOWN));
    items[index].accepted = result == 0;
}

static void *call(void *argument)
{
    uint64_t first = (uint64_t)(uintptr_t)argument * cast->items;
    if (cast->way == AT_ONCE) {
        uint64_t indices[MOST_ITEMS];
        size_t accepted;
        for (unsigned i = 0; i < cast->items; i++) {
            indices[i] = first + i;
        }
        int result = oip_produce_many(producer, indices, cast->items, &accepted);
        REQUIRE(result == 0 || result == -EPIPE);
        for (unsigned i = 0; i < accepted; i++) {
            items[first + i].accepted = true;
        }
        return NULL;
    }
    for (unsigned i = 0; i < cast->items; i++) {
        ask(first + i);
    }
    return NULL;
}

static void *act(void *argument)
{
    (void)argument;
    switch (cast->act) {
    case PAUSE:
        oip_pause(producer);
        controller_spend(100);
        oip_resume(producer);
        break;
    case ABORT:
        oip_stop_producing(producer);
        aborted = true;
        break;
    case GROW:
        REQUIRE(oip_pool_resize(pool, cast->workers + 1) == 0);
        break;
    case SHRINK:
        REQUIRE(oip_pool_resize(pool, cast->workers - 1) == 0);
        break;
    case SHUT_DOWN:
        REQUIRE(oip_pool_shutdown(pool) == 0);
        break;
    default:
        break;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------- the framework ----
 */

static void reset(const struct cast *with)
{
    cast = with;
    memset(items, 0, sizeof items);
    next_sequence = 0;
    delivered = released = 0;
    aborted = false;
    queue = NULL;
}

void plays_check(void)
{
    bool all = !cast->fails && (cast->act == NONE || cast->act == PAUSE || cast->act == GROW || cast->act == SHRINK);
    REQUIRE(released == 1);
    for (unsigned i = 0; i < cast->callers * cast->items + cast->asks_inside; i++) {
        const struct item *item = &items[i];
        if (!item->accepted) {
            REQUIRE(item->delivered == 0 && (item->begun == 0 || cast->way == ELSEWHERE));
            continue;
        }
        REQUIRE(item->begun + item->inputs_discarded == 1 && item->ended == item->begun);
        REQUIRE(item->delivered + item->outputs_discarded + item->failed == item->begun);
        REQUIRE(!all || item->delivered == 1);
    }
    if (cast->fails && cast->policy == OIP_SKIP) {
        REQUIRE(delivered == cast->callers * cast->items - 1);
    }
}

void perform(const struct cast *with)
{
    reset(with);
    struct oip_pool_options pool_options = {.size = sizeof pool_options, .threads = cast->workers};
    REQUIRE(oip_pool_create(&pool, &pool_options) == 0);
    struct oip_producer_options options = {
        .size = sizeof options,
        .window = cast->window,
        .width = cast->width,
        .on_failure = cast->policy,
        .no_assist = cast->no_assist,
        .payload_size = sizeof(uint64_t),
        .payload_align = sizeof(uint64_t),
        .run = run,
        .discard = discard,
        .release = release,
    };
    REQUIRE(oip_producer_create(&producer, pool, &options) == 0);
    controller_begin();
    pthread_t looping, acting, calling[MOST_CALLERS];
    switch (cast->consumer) {
    case THREAD:
        REQUIRE(oip_start(producer, consume, NULL) == 0);
        break;
    case SINK:
        REQUIRE(oip_start_sink(producer, sink, NULL) == 0);
        break;
    case LOOP: {
        struct oip_ready_queue_options queue_options = {.size = sizeof queue_options};
        REQUIRE(oip_ready_queue_create(&queue, &queue_options) == 0);
        REQUIRE(oip_attach_ready_queue(producer, queue, NULL) == 0);
        pthread_create(&looping, NULL, loop, NULL);
        break;
    }
    default:
        break;
    }
    bool acts =
        cast->act == PAUSE || cast->act == ABORT || cast->act == GROW || cast->act == SHRINK || cast->act == SHUT_DOWN;
    if (acts) {
        pthread_create(&acting, NULL, act, NULL);
    }
    for (unsigned i = 1; i < cast->callers; i++) {
        pthread_create(&calling[i], NULL, call, (void *)(uintptr_t)i);
    }
    call((void *)0);
    for (unsigned i = 1; i < cast->callers; i++) {
        pthread_join(calling[i], NULL);
    }
    if (acts) {
        pthread_join(acting, NULL);
    }
    if (cast->act != DROP) {
        void *value = NULL;
        int result = oip_stop(producer, &value);
        REQUIRE(result == 0 || (result > 0 && cast->fails) || (result != 0 && cast->act == LEAVE) ||
                (result != 0 && cast->act == SHUT_DOWN));
        REQUIRE(cast->consumer != THREAD || result != 0 || value == &items);
    }
    if (cast->consumer == LOOP) {
        pthread_join(looping, NULL);
        oip_ready_queue_release(queue);
    }
    oip_producer_release(producer);
    REQUIRE(cast->act == SHUT_DOWN || oip_pool_shutdown(pool) == 0);
    oip_pool_release(pool);
    controller_end();
}
