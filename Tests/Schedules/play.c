/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include "stage.h"

#include <errno.h>
#include <string.h>

static void reset(const struct cast *with)
{
    cast = with;
    side_count = cast->producers != 0 ? cast->producers : 1;
    queue = NULL;
    event_init(&notified);
    memset(sides, 0, sizeof sides);
    for (unsigned s = 0; s < side_count; s++) {
        struct side *side = &sides[s];
        side->consumer = s == 0 ? cast->consumer : cast->second;
        event_init(&side->ended);
        event_init(&side->was_paused);
        event_init(&side->overtaken);
        event_init(&side->changed);
        for (unsigned i = 0; i < MOST_ITEMS; i++) {
            side->items[i].sequence = UINT64_MAX;
        }
    }
}

static void create(void)
{
    struct oip_pool_options pool_options = {.size = sizeof pool_options, .threads = cast->workers};
    REQUIRE(oip_pool_create(&pool, &pool_options) == 0);
    for (unsigned s = 0; s < side_count; s++) {
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
            .context = &sides[s],
            .release = release,
        };
        allow_deadlines(&options);
        REQUIRE(oip_producer_create(&sides[s].producer, pool, &options) == 0);
    }
    if (cast->consumer == LOOP || (side_count > 1 && cast->second == LOOP)) {
        struct oip_ready_queue_options queue_options = {.size = sizeof queue_options};
        queue_options.notify = cast->notifies ? loop_notify : NULL;
        REQUIRE(oip_ready_queue_create(&queue, &queue_options) == 0);
    }
}

static void start(struct side *side)
{
    switch (side->consumer) {
    case THREAD:
        REQUIRE(oip_start(side->producer, consume, side) == 0);
        break;
    case SINK:
        REQUIRE(oip_start_sink(side->producer, sink, side) == 0);
        break;
    case LOOP:
        REQUIRE(oip_attach_ready_queue(side->producer, queue, side) == 0);
        break;
    default:
        break;
    }
    if (cast->way == HANDED_OVER) {
        pthread_create(&side->completing, NULL, complete, side);
    }
}

static void call_all(void)
{
    pthread_t calling[MOST_CALLERS];
    for (unsigned i = 1; i < cast->callers; i++) {
        pthread_create(&calling[i], NULL, call, (void *)(uintptr_t)i);
    }
    call((void *)0);
    for (unsigned i = 1; i < cast->callers; i++) {
        pthread_join(calling[i], NULL);
    }
    for (unsigned s = 0; s < side_count; s++) {
        pthread_mutex_lock(&sides[s].changed.lock);
        sides[s].handed.closed = true;
        pthread_mutex_unlock(&sides[s].changed.lock);
        event_happens(&sides[s].changed);
    }
}

static void end(struct side *side)
{
    void *value = NULL;
    switch (cast->ending) {
    case STOP:
        REQUIRE(oip_stop(side->producer, &value) == 0);
        break;
    case STOP_ASYNC:
        if (stop_async(side, &side->stopper) == -EINPROGRESS) {
            event_await(&side->ended);
        }
        REQUIRE(oip_stop_async(side->producer, &side->stopper) == 0);
        value = oip_take_value(side->producer);
        break;
    case STOP_TWICE:
        pthread_create(&side->stopping, NULL, stop_beside, side);
        REQUIRE(oip_stop(side->producer, &value) == 0);
        pthread_join(side->stopping, NULL);
        break;
    case STOP_DROP:
        if (stop_async(side, &side->stopper) == 0) {
            event_happens(&side->ended);
        }
        return;
    default:
        return;
    }
    REQUIRE(value == (side->consumer == THREAD ? side : NULL));
    check_settled(side);
}

static bool drops(void)
{
    return cast->ending == DROP || cast->ending == STOP_DROP;
}

/* The handles go back, and what waits for their going comes to its end. */
static void give_back(void)
{
    if (cast->pool_first) {
        oip_pool_release(pool);
    }
    for (unsigned s = 0; s < side_count; s++) {
        struct side *side = &sides[s];
        if (!drops()) {
            check_counts(side);
        }
        oip_producer_release(side->producer);
        if (cast->ending == STOP_DROP) {
            event_await(&side->ended);
        }
        if (cast->way == HANDED_OVER) {
            pthread_join(side->completing, NULL);
        }
    }
    if (queue != NULL) {
        oip_ready_queue_release(queue);
    }
    if (!cast->pool_first) {
        REQUIRE(oip_pool_shutdown(pool) == 0);
        oip_pool_release(pool);
    }
}

void perform(const struct cast *with)
{
    reset(with);
    create();
    controller_begin();
    pthread_t looping, acting;
    if (cast->asks_first) {
        ask_first();
    }
    for (unsigned s = 0; s < side_count; s++) {
        start(&sides[s]);
    }
    if (queue != NULL) {
        pthread_create(&looping, NULL, loop, NULL);
    }
    bool acts_beside = cast->act != NONE && cast->act != LEAVE && cast->act != ABORT_INSIDE &&
                       cast->act != SHRINK_INSIDE && cast->act != STOP_INSIDE;
    bool acts_beside_end =
        acts_beside && !drops() && cast->act != PAUSE && cast->act != PAUSE_FOR_GOOD && cast->act != PAUSE_INSIDE;
    if (acts_beside) {
        pthread_create(&acting, NULL, act, NULL);
    }
    call_all();
    for (unsigned s = 0; s < side_count && cast->late.hangs; s++) {
        event_await(&sides[s].overtaken);
    }
    if (acts_beside && !acts_beside_end) {
        pthread_join(acting, NULL);
    }
    if (queue != NULL && drops()) {
        pthread_join(looping, NULL); /* it has left, and the handle is this thread's to give back */
    }
    for (unsigned s = 0; s < side_count; s++) {
        end(&sides[s]);
    }
    if (acts_beside_end) {
        pthread_join(acting, NULL);
    }
    if (queue != NULL && !drops()) {
        pthread_join(looping, NULL);
    }
    give_back();
    controller_end();
}
