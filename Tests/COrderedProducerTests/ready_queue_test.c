/* SPDX-License-Identifier: Apache-2.0 */
/* The ready queue: what was pushed is taken once, oldest first; many pushes notify once; no push is slept through. */
#include "Support/lane.h"

#include "producer.h"
#include "ready_queue.h"

#include <sched.h>
#include <stdlib.h>

static atomic_int notifications;

static void notify(void *context)
{
    CHECK(context == &notifications);
    atomic_fetch_add(&notifications, 1);
}

static void oldest_first_and_one_notification(int variant)
{
    (void)variant;
    static struct oip_ready_queue queue;
    static struct ready_entry entries[10];
    memset(&queue, 0xa5, sizeof queue); /* whatever was in its memory before */
    ready_queue_init(&queue, notify, &notifications);
    CHECK(ready_queue_take(&queue) == NULL);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 10; i++) {
            ready_queue_push(&queue, &entries[i]);
        }
        CHECK_EQUAL(atomic_load(&notifications), round); /* until it was found empty */
        for (int i = 0; i < 10; i++) {
            CHECK(ready_queue_take(&queue) == &entries[i]);
        }
        CHECK(ready_queue_take(&queue) == NULL);
    }
}

enum { PUSHERS = 3, PUSHES = 4000 };

struct numbered {
    struct ready_entry entry;
    int pusher, number;
};

struct pusher {
    struct oip_ready_queue *queue;
    struct numbered *entries;
};

static void *push_all(void *argument)
{
    struct pusher *pusher = argument;
    for (int i = 0; i < PUSHES; i++) {
        ready_queue_push(pusher->queue, &pusher->entries[i].entry);
    }
    return NULL;
}

/* Many push, one takes and sleeps in between: all arrive, each pusher's in its order. */
static void many_push_and_one_takes(int variant)
{
    (void)variant;
    oip_ready_queue *queue;
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    struct pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    for (int p = 0; p < PUSHERS; p++) {
        pushers[p] = (struct pusher){queue, calloc(PUSHES, sizeof(struct numbered))};
        CHECK(pushers[p].entries != NULL);
        for (int i = 0; i < PUSHES; i++) {
            pushers[p].entries[i].pusher = p;
            pushers[p].entries[i].number = i;
        }
        CHECK_EQUAL(pthread_create(&threads[p], NULL, push_all, &pushers[p]), 0);
    }
    int next[PUSHERS] = {0};
    for (int taken = 0; taken < PUSHERS * PUSHES;) {
        struct ready_entry *entry = ready_queue_take(queue);
        if (entry == NULL) {
            CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
            continue;
        }
        struct numbered *numbered = OIP_CONTAINER_OF(entry, struct numbered, entry);
        CHECK_EQUAL(numbered->number, next[numbered->pusher]);
        next[numbered->pusher]++;
        taken++;
    }
    CHECK_EQUAL(oip_ready_queue_wait(queue, 1000), 0); /* times out: it is empty */
    for (int p = 0; p < PUSHERS; p++) {
        CHECK_EQUAL(pthread_join(threads[p], NULL), 0);
        free(pushers[p].entries);
    }
    oip_ready_queue_release(queue);
}

static void waiting_needs_a_queue_without_notify(int variant)
{
    (void)variant;
    oip_ready_queue *queue;
    struct oip_ready_queue_options options = OIP_READY_QUEUE_OPTIONS_INIT;
    options.notify = notify;
    options.context = &notifications;
    CHECK_EQUAL(oip_ready_queue_create(&queue, &options), 0);
    CHECK_EQUAL(oip_ready_queue_wait(queue, 0), -EINVAL);
    void *tag;
    CHECK_EQUAL(oip_ready_queue_take(queue, &tag), 0);
    oip_ready_queue_release(queue);
}

static void bad_options_are_refused(int variant)
{
    (void)variant;
    oip_ready_queue *queue = NULL;
    struct oip_ready_queue_options options = OIP_READY_QUEUE_OPTIONS_INIT;
    CHECK_EQUAL(oip_ready_queue_create(NULL, &options), -EINVAL);
    options.size--;
    CHECK_EQUAL(oip_ready_queue_create(&queue, &options), -EINVAL);
    CHECK(queue == NULL);
    options.size++;
    CHECK_EQUAL(oip_ready_queue_create(&queue, &options), 0); /* without a notify: as without options */
    CHECK_EQUAL(oip_ready_queue_wait(queue, 0), 0);
    oip_ready_queue_release(queue);
}

/* Also where what is left was taken together with what has gone. */
static void a_wait_returns_at_once_where_something_is_left(int variant)
{
    (void)variant;
    static struct ready_entry entries[3];
    oip_ready_queue *queue;
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    CHECK_EQUAL(oip_ready_queue_wait(queue, 0), 0);
    for (int i = 0; i < 3; i++) {
        ready_queue_push(queue, &entries[i]);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
        CHECK_EQUAL(oip_ready_queue_wait(queue, 0), 1);
        CHECK(ready_queue_take(queue) == &entries[i]);
    }
    CHECK_EQUAL(oip_ready_queue_wait(queue, 0), 0);
    oip_ready_queue_release(queue);
}

static void *wait_for_an_entry(void *queue)
{
    CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
    return NULL;
}

/* The signal of a push whose entry was taken before it came: nothing is there, and the wait goes on. */
static void a_late_signal_ends_no_wait(int variant)
{
    (void)variant;
    static struct ready_entry entry;
    oip_ready_queue *queue;
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    pthread_t loop;
    CHECK_EQUAL(pthread_create(&loop, NULL, wait_for_an_entry, queue), 0);
    for (int i = 0; i < 2000; i++) {
        parking_signal(&queue->parking);
        sched_yield();
    }
    ready_queue_push(queue, &entry);
    CHECK_EQUAL(pthread_join(loop, NULL), 0);
    CHECK(ready_queue_take(queue) == &entry);
    oip_ready_queue_release(queue);
}

/* What was told and never taken: the producers are given back all the same. */
static void entries_that_nobody_takes_are_given_back(int taken)
{
    enum { LANES = 4 };
    struct lane *lanes[LANES];
    oip_ready_queue *queue;
    CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
    for (int i = 0; i < LANES; i++) {
        lanes[i] = lane_create(BY_PRODUCE, LOOP, 1, 1, NULL);
        CHECK_EQUAL(oip_attach_ready_queue(lanes[i]->producer, queue, lanes[i]), 0);
        struct payload payload;
        CHECK_EQUAL(oip_try_next(lanes[i]->producer, &payload, NULL), -EAGAIN);
        CHECK_EQUAL(lane_ask(lanes[i], 0, 1), 0);
        WAIT_UNTIL(lane_finished_waiting(lanes[i]) == 1);
        WAIT_UNTIL(atomic_load(&lanes[i]->producer->on_ready_queue));
    }
    void *tag;
    for (int i = 0; i < taken; i++) { /* takes the rest with it, out of the way of those who push */
        CHECK_EQUAL(oip_ready_queue_take(queue, &tag), 1);
        CHECK(tag == lanes[i]);
    }
    oip_ready_queue_release(queue);
    for (int i = 0; i < LANES; i++) {
        oip_stop_producing(lanes[i]->producer);
        oip_producer_release(lanes[i]->producer);
        lanes[i]->gone = true;
        lane_end(lanes[i]); /* waits for the producer's release */
    }
}

static const char *some_or_none(int taken)
{
    return taken ? "one was taken" : "none was taken";
}

/* ------------------------------------------------------------------------------------ one loop, many producers ---- */

enum { PRODUCERS = 100, ITEMS = 50 };

struct feed {
    struct lane *lanes[PRODUCERS];
    int from;
};

static void *feed_all(void *argument)
{
    struct feed *feed = argument;
    for (int i = 0; i < ITEMS; i++) {
        for (int p = feed->from; p < PRODUCERS; p += 2) {
            CHECK_EQUAL(lane_ask(feed->lanes[p], i, 1), 0);
        }
    }
    for (int p = feed->from; p < PRODUCERS; p += 2) {
        CHECK_EQUAL(oip_stop(feed->lanes[p]->producer, NULL), 0);
    }
    return NULL;
}

static void post(void *context)
{
    sem_post(context);
}

/* An event loop that serves a hundred producers through one queue; each tag says which one to look at. */
static void one_loop_serves_many_producers(int variant)
{
    oip_ready_queue *queue;
    struct oip_ready_queue_options options = OIP_READY_QUEUE_OPTIONS_INIT;
    sem_t wake;
    sem_init(&wake, 0, 0);
    if (variant == 1) {
        options.notify = post;
        options.context = &wake;
    }
    CHECK_EQUAL(oip_ready_queue_create(&queue, &options), 0);
    struct feed feeds[2] = {{.from = 0}, {.from = 1}};
    int ended = 0;
    for (int p = 0; p < PRODUCERS; p++) {
        struct lane *lane = lane_create(p % 2 ? BY_PRODUCE : BY_RESERVE, LOOP, ITEMS, 1, OPTIONS(.window = 4));
        feeds[0].lanes[p] = feeds[1].lanes[p] = lane;
        CHECK_EQUAL(oip_attach_ready_queue(lane->producer, queue, lane), 0);
    }
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, feed_all, &feeds[i]), 0);
    }
    /* Looked at once before it is told of anything; then only when it is told. */
    for (int p = 0; p < PRODUCERS; p++) {
        ended += lane_drain(feeds[0].lanes[p]);
    }
    while (ended < PRODUCERS) {
        void *tag;
        if (oip_ready_queue_take(queue, &tag) == 1) {
            ended += lane_drain(tag);
        } else if (variant == 1) {
            wait_for(&wake);
        } else {
            CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
        }
    }
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    void *tag;
    while (oip_ready_queue_take(queue, &tag) == 1) {
    }
    for (int p = 0; p < PRODUCERS; p++) {
        CHECK_EQUAL(atomic_load(&feeds[0].lanes[p]->delivered), ITEMS);
        lane_end(feeds[0].lanes[p]);
    }
    oip_ready_queue_release(queue);
}

static const char *wait_or_notify(int variant)
{
    return variant ? "notify" : "wait";
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"oldest first and one notification", oldest_first_and_one_notification, 0, NULL},
        {"many push and one takes", many_push_and_one_takes, 0, NULL},
        {"waiting needs a queue without notify", waiting_needs_a_queue_without_notify, 0, NULL},
        {"bad options are refused", bad_options_are_refused, 0, NULL},
        {"a wait returns at once", a_wait_returns_at_once_where_something_is_left, 0, NULL},
        {"a late signal ends no wait", a_late_signal_ends_no_wait, 0, NULL},
        {"entries that nobody takes are given back", entries_that_nobody_takes_are_given_back, 2, some_or_none},
        {"one loop serves many producers", one_loop_serves_many_producers, 2, wait_or_notify},
        {0},
    };
    return run_tests(tests, count, arguments);
}
