/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of consumer. */
#include "scene.h"

#include <errno.h>
#include <string.h>

static int next(struct side *side, void *payload, uint64_t *sequence)
{
    /* Not the first time: by oip_next() the library knows the thread. */
    bool tries = side->plan->tries && side->plan->consumes == BY_ATTACHED && side->deliveries != 0;
    if (tries && chance_next(&scene.dice, 2) == 0) {
        int result = oip_try_next(side->producer, payload, sequence);
        if (result != -EAGAIN) {
            return result;
        }
        controller_nap(2000);
    }
    side->in_next = true;
    int result = oip_next(side->producer, payload, sequence);
    side->in_next = false;
    return result;
}

/* Whether this thread is done with it; else another goes on. */
static bool take_all(struct side *side)
{
    unsigned char payload[MOST_PAYLOAD];
    uint64_t sequence;
    int result;
    while ((result = next(side, payload, &sequence)) == 1) {
        if (deliver(side, payload, sequence)) {
            return true;
        }
        if (side->plan->hands_over && side->plan->consumes == BY_ATTACHED && side->deliveries == 2) {
            return false;
        }
    }
    REQUIRE(result == 0);
    saw_end(side);
    REQUIRE(oip_next(side->producer, payload, &sequence) == 0);
    return true;
}

static void *consume(oip_producer *producer, void *argument)
{
    TAKES_TURN;
    struct side *side = argument;
    REQUIRE(producer == side->producer);
    controller_role("consumer %u", side->number);
    take_all(side);
    side->consumer_gone = true;
    return side;
}

static void *consume_attached(void *argument)
{
    TAKES_TURN;
    struct side *side = argument;
    controller_role("attached %u", side->number);
    if (!take_all(side)) {
        pthread_t other;
        side->consumers++;
        pthread_create(&other, NULL, consume_attached, side);
        pthread_detach(other);
        return NULL;
    }
    side->over = true;
    side->consumer_gone = true;
    oip_detach(side->producer);
    event_happens(&side->was_detached);
    return NULL;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    TAKES_TURN;
    struct side *side = context;
    REQUIRE(!side->in_sink);
    if (controller_is("oip-clock")) {
        controller_fail("clock: the sink of producer %u runs on the thread that keeps time", side->number);
    }
    side->in_sink = true;
    bool leaves = deliver(side, payload, sequence);
    side->in_sink = false;
    return leaves ? SINK_FAILS : 0;
}

/* --------------------------------------------------------------------------------------------------- loop ---- */

static void notify(void *unused)
{
    TAKES_TURN;
    (void)unused;
    event_happens(&scene.loop.notified);
}

/* Up to so many. Whether there may be more. */
static bool take_some(struct side *side, unsigned most)
{
    unsigned char payload[MOST_PAYLOAD];
    uint64_t sequence;
    while (most-- != 0) {
        int result = oip_try_next(side->producer, payload, &sequence);
        if (result == 1) {
            if (deliver(side, payload, sequence)) {
                side->seen_end = true;
                oip_detach(side->producer);
                return false;
            }
            continue;
        }
        REQUIRE(result == 0 || result == -EAGAIN);
        if (result == 0) {
            saw_end(side);
            side->seen_end = true;
        }
        return false;
    }
    return true;
}

static bool loop_has_producers(void)
{
    for (unsigned i = 0; i < scene.program->producers; i++) {
        const struct side *side = &scene.sides[i];
        if (side->in_loop && !side->seen_end) {
            return true;
        }
    }
    return false;
}

static void take_tags(void)
{
    void *tag;
    while (oip_ready_queue_take(scene.queue, &tag) == 1) {
        struct side *side = tag;
        REQUIRE(side->plan->consumes == BY_LOOP && !side->handle_back);
        side->todo = side->in_loop && !side->seen_end;
        side->told_before = !side->in_loop; /* who attached it is just at it, and looks again */
    }
}

/* Whether any of them may have more. */
static bool serve(void)
{
    bool more = false;
    for (unsigned i = 0; i < scene.program->producers; i++) {
        struct side *side = &scene.sides[i];
        if (side->todo) {
            unsigned most = side->number % 2 == 0 ? 1000 : 2; /* or it comes back by itself */
            side->todo = false;
            side->todo = take_some(side, most);
            more = more || side->todo;
        }
    }
    return more;
}

static void *loop_main(void *unused)
{
    TAKES_TURN;
    (void)unused;
    controller_role("loop");
    while (loop_has_producers()) {
        take_tags();
        if (serve() || !loop_has_producers()) {
            continue;
        }
        scene.loop.waits = true;
        if (scene.program->notifies) {
            event_take(&scene.loop.notified);
        } else {
            REQUIRE(oip_ready_queue_wait(scene.queue, -1) == 1);
        }
        scene.loop.waits = false;
    }
    scene.loop.runs = false;
    return NULL;
}

static void begin_loop(struct side *side)
{
    /* Until it is in the loop here is the one thread at a time. */
    do {
        side->told_before = false;
        while (take_some(side, 1000)) {
        }
    } while (side->told_before && !side->seen_end);
    side->in_loop = !side->seen_end && !side->left;
    if (!scene.loop.runs && side->in_loop) {
        if (scene.loop.to_join) {
            pthread_join(scene.loop.thread, NULL);
        }
        scene.loop.runs = scene.loop.to_join = true;
        pthread_create(&scene.loop.thread, NULL, loop_main, NULL);
    }
}

/* ------------------------------------------------------------------------------------------------- attach ---- */

void create_queue(void)
{
    struct oip_ready_queue_options options = {.size = sizeof options};
    options.notify = scene.program->notifies ? notify : NULL;
    REQUIRE(oip_ready_queue_create(&scene.queue, &options) == 0);
}

void attach(struct side *side)
{
    int result = 0;
    side->attaching++;
    bool before = side->attached;
    switch (side->plan->consumes) {
    case BY_NOBODY:
        side->attaching--;
        return;
    case BY_THREAD:
        result = oip_start(side->producer, consume, side);
        break;
    case BY_ATTACHED:
        result = oip_attach(side->producer);
        break;
    case BY_SINK:
        result = oip_start_sink(side->producer, sink, side);
        break;
    case BY_LOOP:
        result = oip_attach_ready_queue(side->producer, scene.queue, side);
        break;
    }
    side->attaching--;
    REQUIRE(result == 0 || result == -EALREADY || result == -EPIPE);
    REQUIRE(result != -EPIPE || may_be_over(side) || scene.shutting);
    REQUIRE(result != 0 || !before);
    if (result != 0) {
        return;
    }
    side->attached = true;
    if (side->plan->consumes == BY_ATTACHED) {
        pthread_t consumer;
        side->consumer_runs = true;
        pthread_create(&consumer, NULL, consume_attached, side);
        pthread_detach(consumer);
    } else if (side->plan->consumes == BY_LOOP) {
        begin_loop(side);
    }
}
