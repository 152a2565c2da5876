/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps a pool's time calls nobody's functions, so that nothing a program does holds up a deadline: also
 * where all threads of the pool are stuck, and somebody has to deliver, discard or release.
 */
#include "Support/slow.h"
#include "Support/threads.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 1 }; /* nanoseconds: over by the time anybody looks */

/* A producer whose items finish elsewhere or never begin, and all that it calls. */
struct line {
    oip_pool *pool;
    oip_producer *producer;
    sem_t called[8]; /* by enum function, posted per call */
    sem_t *sink_hold; /* waited for inside the sink; NULL: none */
    int sink_result;
};

enum function { RUN, SINK_CALLED, SUBSTITUTE, DISCARD, FAILED, RELEASE_ARGUMENT, RELEASE, OBSERVE };

static void note(struct line *line, enum function function)
{
    char name[16];
    CHECK_EQUAL(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    if (strcmp(name, "oip-clock") == 0) {
        static const char *const functions[] = {"run", "sink", "substitute", "discard", "failed", "release_argument",
                                                "release", "observe"};
        check_failed(__FILE__, __LINE__, "%s was called on the thread that keeps time", functions[function]);
    }
    sem_post(&line->called[function]);
}

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)payload, (void)sequence;
    note(context, RUN);
    return 0;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    (void)payload, (void)sequence;
    struct line *line = context;
    note(line, SINK_CALLED);
    if (line->sink_hold != NULL) {
        wait_for(line->sink_hold);
    }
    return line->sink_result;
}

static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    (void)payload, (void)sequence, (void)argument;
    note(context, SUBSTITUTE);
    return 0;
}

static void discard(void *context, void *payload, enum oip_payload_state state)
{
    (void)payload, (void)state;
    note(context, DISCARD);
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    (void)payload, (void)sequence, (void)code, (void)late;
    note(context, FAILED);
}

static void release_argument(void *context, void *argument)
{
    (void)argument;
    note(context, RELEASE_ARGUMENT);
}

static void release(void *context)
{
    note(context, RELEASE);
}

static struct slow_caller caller;

static void observe(void *context, const struct oip_event *event)
{
    note(context, OBSERVE);
    slow_caller_observe(&caller, event);
}

static void line_create(struct line *line, oip_pool *pool)
{
    *line = (struct line){.pool = pool};
    for (int i = 0; i < 8; i++) {
        sem_init(&line->called[i], 0, 0);
    }
    CHECK_EQUAL(oip_producer_create(&line->producer, pool,
                                    OPTIONS(.window = 8, .payload_size = 8, .run = run, .discard = discard,
                                            .context = line, .release = release, .observe = observe,
                                            .observe_context = line, .deadlines = true, .substitute = substitute,
                                            .failed = failed, .release_argument = release_argument)),
                0);
}

/* An item that is reserved, or one that the pool would run. */
static uint64_t ask(struct line *line, bool reserved, uint64_t deadline_ns)
{
    uint64_t payload = 0, sequence;
    struct oip_request request = {.size = sizeof request,
                                  .payload = reserved ? NULL : &payload,
                                  .deadline_ns = deadline_ns,
                                  .argument = line};
    CHECK_EQUAL(oip_request(line->producer, &request, &sequence), 0);
    return sequence;
}

/* The stop needs no thread of the pool here, and nor does the memory. */
static void line_end(struct line *line)
{
    CHECK_EQUAL(oip_stop(line->producer, NULL), 0);
    oip_producer_release(line->producer);
    wait_for(&line->called[RELEASE]);
}

static oip_pool *pool;
static struct stuck_pool stuck;
static struct line line, other;

/* A pool whose only thread is stuck, and a producer on it. */
static void begin(void)
{
    slow_caller_init(&caller, UINT64_MAX);
    pool = pool_of(1);
    stuck = (struct stuck_pool){0};
    stuck_pool_hold(&stuck, pool);
    line_create(&line, pool);
}

static void end(void)
{
    stuck_pool_let_go(&stuck, 1);
    pool_end(pool);
}

/* -------------------------------------------------------------------------------------------- one that delivers ---- */

static const char *reserved_or_not(int variant)
{
    return variant == 0 ? "an item" : "a reservation";
}

static void a_stuck_pool_delivers_what_is_due(int reserved)
{
    begin();
    CHECK_EQUAL(oip_start_sink(line.producer, sink, &line), 0);
    uint64_t sequence = ask(&line, reserved, AT_ONCE);
    wait_for(&line.called[SUBSTITUTE]);
    wait_for(&line.called[SINK_CALLED]);
    if (reserved) {
        oip_complete(line.producer, sequence, &sequence);
    }
    line_end(&line);
    end();
}

/* The sink waits for what never comes. Another producer's items are due meanwhile, for every kind of consumer. */
static void a_sink_that_hangs_holds_up_no_deadline(int consumer)
{
    sem_t sink_hold;
    sem_init(&sink_hold, 0, 0);
    begin();
    line.sink_hold = &sink_hold;
    CHECK_EQUAL(oip_start_sink(line.producer, sink, &line), 0);
    uint64_t held = ask(&line, true, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    line_create(&other, pool);
    uint64_t sequence = ask(&other, true, AT_ONCE), payload;
    oip_ready_queue *queue = NULL;
    void *tag;
    if (consumer == SINK) {
        CHECK_EQUAL(oip_start_sink(other.producer, sink, &other), 0);
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
    line_end(&other);
    sem_post(&sink_hold);
    oip_complete(line.producer, held, &held);
    line_end(&line);
    if (queue != NULL) {
        oip_ready_queue_release(queue);
    }
    end();
}

/* More sinks hang than a pool has threads. */
static void however_many_sinks_hang_others_are_delivered_to(int variant)
{
    (void)variant;
    enum { HANGING = 4 };
    static struct line lines[HANGING];
    sem_t sink_hold;
    sem_init(&sink_hold, 0, 0);
    begin();
    for (int i = 0; i < HANGING; i++) {
        line_create(&lines[i], pool);
        lines[i].sink_hold = &sink_hold;
        CHECK_EQUAL(oip_start_sink(lines[i].producer, sink, &lines[i]), 0);
        ask(&lines[i], false, AT_ONCE);
        wait_for(&lines[i].called[SINK_CALLED]);
    }
    CHECK_EQUAL(oip_start_sink(line.producer, sink, &line), 0);
    ask(&line, false, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    line_end(&line);
    post_many(&sink_hold, HANGING);
    for (int i = 0; i < HANGING; i++) {
        line_end(&lines[i]);
    }
    stuck_pool_let_go(&stuck, 1);
    pool_end(pool);
    CHECK_EQUAL(library_threads(), 0);
}

/* A sink that ends production, and what is behind it is discarded. */
static void a_sink_that_fails_has_the_rest_discarded(int variant)
{
    (void)variant;
    begin();
    line.sink_result = 5;
    CHECK_EQUAL(oip_start_sink(line.producer, sink, &line), 0);
    ask(&line, false, AT_ONCE);
    ask(&line, false, AT_ONCE);
    wait_for(&line.called[SINK_CALLED]);
    line_end(&line);
    int discards = 0;
    while (sem_trywait(&line.called[DISCARD]) == 0) {
        discards++;
    }
    CHECK_EQUAL(discards, 2); /* both inputs: neither began */
    end();
}

/* ----------------------------------------------------------------------------------------- one that clears away ---- */

/* Production was ended at once. A reservation that never comes is given up at its deadline, and with it all is over. */
static void what_is_due_behind_an_ending_is_cleared_away(int started)
{
    begin();
    if (started) {
        CHECK_EQUAL(oip_start_sink(line.producer, sink, &line), 0);
    }
    uint64_t sequence = ask(&line, true, 5000000);
    oip_stop_producing(line.producer);
    wait_for(&line.called[RELEASE_ARGUMENT]);
    CHECK_EQUAL(oip_stop(line.producer, NULL), 0);
    oip_complete(line.producer, sequence, &sequence);
    wait_for(&line.called[DISCARD]);
    oip_producer_release(line.producer);
    wait_for(&line.called[RELEASE]);
    end();
}

static const char *started_or_not(int started)
{
    return started ? "sink" : "no consumer";
}

static int ask_late(struct slow_caller *slow)
{
    ask(slow->context, false, OIP_NO_DEADLINE);
    return 0;
}

/* A caller that is slow between sequence and publication: what it asked for is discarded as soon as it is there. */
static void what_is_published_behind_an_ending_is_discarded(int started)
{
    begin();
    caller.sequence = 0;
    if (started) {
        CHECK_EQUAL(oip_start_sink(line.producer, sink, &line), 0);
    }
    slow_caller_begin(&caller, ask_late, &line);
    oip_stop_producing(line.producer);
    CHECK_EQUAL(slow_caller_goes_on(&caller), 0);
    wait_for(&line.called[DISCARD]);
    wait_for(&line.called[RELEASE_ARGUMENT]);
    line_end(&line);
    end();
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a stuck pool delivers what is due", a_stuck_pool_delivers_what_is_due, 2, reserved_or_not},
        {"a sink that hangs holds up no deadline", a_sink_that_hangs_holds_up_no_deadline, CONSUMERS, consumer_name},
        {"however many sinks hang", however_many_sinks_hang_others_are_delivered_to, 0, NULL},
        {"a sink that fails has the rest discarded", a_sink_that_fails_has_the_rest_discarded, 0, NULL},
        {"what is due behind an ending is cleared away", what_is_due_behind_an_ending_is_cleared_away, 2,
         started_or_not},
        {"what is published behind an ending is discarded", what_is_published_behind_an_ending_is_discarded, 2,
         started_or_not},
        {0},
    };
    return run_tests(tests, count, arguments);
}
