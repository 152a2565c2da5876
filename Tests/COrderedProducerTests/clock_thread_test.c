/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps a pool's time calls no function of the program, so that none of them holds up a deadline; not
 * even where all threads of the pool are stuck, and somebody has to deliver, discard or release.
 */
#include "Support/noted.h"
#include "Support/threads.h"
#include "pool.h"

static oip_pool *pool;
static struct stuck_pool stuck;
static struct noted line, other;

/* A pool whose only thread is stuck, and a producer on it. */
static void begin(void)
{
    pool = pool_of(1);
    stuck = (struct stuck_pool){0};
    stuck_pool_hold(&stuck, pool);
    noted_create(&line, pool);
}

static void end(void)
{
    stuck_pool_let_go(&stuck, 1);
    wait_for(&line.called[RELEASE]);
    pool_end(pool);
    WAIT_UNTIL(library_threads() == 0);
}

/* ------------------------------------------------------------------------------------------ one that delivers ---- */

static const char *reserved_or_not(int variant)
{
    return variant == 0 ? "an item" : "a reservation";
}

static void a_stuck_pool_delivers_what_is_due(int reserved)
{
    begin();
    noted_start(&line);
    uint64_t sequence = noted_ask(&line, reserved, AT_ONCE);
    wait_for(&line.called[SUBSTITUTE]);
    wait_for(&line.called[SINK_CALLED]);
    if (reserved) {
        oip_complete(line.producer, sequence, &sequence);
    }
    noted_end(&line);
    end();
}

/* The sink waits for what never comes. Another producer's items are due meanwhile, for every kind of consumer. */
static void a_sink_that_hangs_holds_up_no_deadline(int consumer)
{
    sem_t sink_hold;
    sem_init(&sink_hold, 0, 0);
    begin();
    line.sink_hold = &sink_hold;
    noted_start(&line);
    uint64_t held = noted_ask(&line, true, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    noted_create(&other, pool);
    uint64_t sequence = noted_ask(&other, true, AT_ONCE), payload;
    oip_ready_queue *queue = NULL;
    void *tag;
    if (consumer == SINK) {
        noted_start(&other);
        wait_for(&other.called[SINK_CALLED]);
    } else if (consumer == LOOP) {
        CHECK_EQUAL(oip_ready_queue_create(&queue, NULL), 0);
        CHECK_EQUAL(oip_attach_ready_queue(other.producer, queue, &other), 0);
        while (oip_try_next(other.producer, &payload, NULL) != 1) {
            CHECK_EQUAL(oip_ready_queue_wait(queue, -1), 1);
            CHECK_EQUAL(oip_ready_queue_take(queue, &tag), 1);
        }
        oip_detach(other.producer);
    } else {
        CHECK_EQUAL(oip_attach(other.producer), 0);
        CHECK_EQUAL(oip_next(other.producer, &payload, NULL), 1);
        oip_detach(other.producer);
    }
    wait_for(&other.called[SUBSTITUTE]);
    oip_complete(other.producer, sequence, &sequence);
    noted_end(&other);
    sem_post(&sink_hold);
    oip_complete(line.producer, held, &held);
    noted_end(&line);
    if (queue != NULL) {
        oip_ready_queue_release(queue);
    }
    end();
    wait_for(&other.called[RELEASE]);
}

/* More sinks hang than a pool has threads. */
static void however_many_sinks_hang_others_are_delivered_to(int variant)
{
    (void)variant;
    enum { HANGING = 4 };
    static struct noted lines[HANGING];
    sem_t sink_hold;
    sem_init(&sink_hold, 0, 0);
    begin();
    for (int i = 0; i < HANGING; i++) {
        noted_create(&lines[i], pool);
        lines[i].sink_hold = &sink_hold;
        noted_start(&lines[i]);
        noted_ask(&lines[i], false, AT_ONCE);
        wait_for(&lines[i].called[SINK_CALLED]);
    }
    noted_start(&line);
    noted_ask(&line, false, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    noted_end(&line);
    post_many(&sink_hold, HANGING);
    for (int i = 0; i < HANGING; i++) {
        noted_end(&lines[i]);
    }
    end();
    for (int i = 0; i < HANGING; i++) {
        wait_for(&lines[i].called[RELEASE]);
    }
}

/* Each has a place as long as it runs, also where nobody will ever join it. */
static void threads_of_a_pool_without_a_handle_give_their_places_back(int variant)
{
    (void)variant;
    begin();
    noted_start(&line);
    oip_pool_release(pool);
    for (int i = 0; i < 2 * POOL_SPARES; i++) {
        noted_ask(&line, false, AT_ONCE);
        wait_for(&line.called[SINK_CALLED]);
        WAIT_UNTIL(library_threads() == 2); /* the one that is stuck, and the clock */
    }
    noted_end(&line);
    stuck_pool_let_go(&stuck, 1);
    wait_for(&line.called[RELEASE]);
    WAIT_UNTIL(library_threads() == 0);
}

static sem_t destructor_began, destructor_hold;

static void end_slowly(void *value)
{
    (void)value;
    sem_post(&destructor_began);
    wait_for(&destructor_hold);
}

/* The thread that has delivered is inside a destructor of the program's when the next one is wanted. */
static void a_thread_that_ends_slowly_holds_up_no_deadline(int variant)
{
    (void)variant;
    sem_init(&destructor_began, 0, 0);
    sem_init(&destructor_hold, 0, 0);
    pthread_key_t key;
    CHECK_EQUAL(pthread_key_create(&key, end_slowly), 0);
    begin();
    line.sink_key = &key;
    noted_start(&line);
    noted_ask(&line, false, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    wait_for(&destructor_began);
    noted_create(&other, pool);
    noted_start(&other);
    noted_ask(&other, false, AT_ONCE);
    wait_for(&other.called[SINK_CALLED]);
    sem_post(&destructor_hold);
    noted_end(&other);
    noted_end(&line);
    end();
    wait_for(&other.called[RELEASE]);
    pthread_key_delete(key);
}

/* A sink that ends production, and what is behind it is discarded. */
static void a_sink_that_fails_has_the_rest_discarded(int variant)
{
    (void)variant;
    begin();
    line.sink_result = 5;
    noted_start(&line);
    noted_ask(&line, false, AT_ONCE);
    noted_ask(&line, false, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    noted_end(&line);
    int discards = 0;
    while (sem_trywait(&line.called[DISCARD]) == 0) {
        discards++;
    }
    CHECK_EQUAL(discards, 2); /* both inputs: neither began */
    end();
}

/* --------------------------------------------------------------------------------------- one that clears away ---- */

/* Production was ended at once. A reservation that never comes is given up at its deadline, and with it all is over. */
static void what_is_due_behind_an_ending_is_cleared_away(int started)
{
    begin();
    if (started) {
        noted_start(&line);
    }
    uint64_t sequence = noted_ask(&line, true, 5000000);
    oip_stop_producing(line.producer);
    wait_for(&line.called[RELEASE_ARGUMENT]);
    CHECK_EQUAL(oip_stop(line.producer, NULL), 0);
    oip_complete(line.producer, sequence, &sequence);
    wait_for(&line.called[DISCARD]);
    oip_producer_release(line.producer);
    end();
}

static const char *started_or_not(int started)
{
    return started ? "sink" : "no consumer";
}

static int ask_late(struct slow_caller *slow)
{
    noted_ask(slow->context, false, OIP_NO_DEADLINE);
    return 0;
}

/* A caller that is slow between sequence and publication: what it asked for is discarded as soon as it is there. */
static void what_is_published_behind_an_ending_is_discarded(int started)
{
    begin();
    line.caller.sequence = 0;
    if (started) {
        noted_start(&line);
    }
    slow_caller_begin(&line.caller, ask_late, &line);
    oip_stop_producing(line.producer);
    CHECK_EQUAL(slow_caller_goes_on(&line.caller), 0);
    wait_for(&line.called[DISCARD]);
    wait_for(&line.called[RELEASE_ARGUMENT]);
    noted_end(&line);
    end();
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a stuck pool delivers what is due", a_stuck_pool_delivers_what_is_due, 2, reserved_or_not},
        {"a sink that hangs holds up no deadline", a_sink_that_hangs_holds_up_no_deadline, CONSUMERS, consumer_name},
        {"however many sinks hang", however_many_sinks_hang_others_are_delivered_to, 0, NULL},
        {"threads of a pool without a handle give their places back",
         threads_of_a_pool_without_a_handle_give_their_places_back, 0, NULL},
        {"a thread that ends slowly holds up no deadline", a_thread_that_ends_slowly_holds_up_no_deadline, 0, NULL},
        {"a sink that fails has the rest discarded", a_sink_that_fails_has_the_rest_discarded, 0, NULL},
        {"what is due behind an ending is cleared away", what_is_due_behind_an_ending_is_cleared_away, 2,
         started_or_not},
        {"what is published behind an ending is discarded", what_is_published_behind_an_ending_is_discarded, 2,
         started_or_not},
        {0},
    };
    return run_tests(tests, count, arguments);
}
