/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer that blocks: how it sleeps, and what it does where it is itself a thread of the pool. */
#include "Support/lane_items.h"
#include "sleeps.h"

#include <sched.h>
#include <stdio.h>

/* ---------------------------------------------------------------------------------------- behind reservations ---- */

enum { CHEAP = 200, PENDING = 8 };

enum kind { PLAIN, FAIL_FAST, NO_ASSIST, KINDS };

static const char *kind_name(int variant)
{
    static const char *const kinds[] = {"plain", "fail fast", "no assist"};
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", kinds[variant / 2], consumer_name(variant % 2));
    return name;
}

static bool consumer_sleeps_for_good(const struct lane *lane)
{
    return lane->consumer == THREAD ? sleeps_for_good("oip-consumer") : thread_sleeps_for_good(lane->thread);
}

static void reserve(struct lane *lane, int index)
{
    uint64_t sequence;
    CHECK_EQUAL(oip_reserve(lane->producer, &sequence), 0);
    lane_accepted(lane, index, sequence);
    lane->items[index].sequence = sequence;
}

/*
 * The items before were cheap, so that a consumer may wait for several of them at once, with a timer. Reservations are
 * no such work: it sleeps until the head is there, and is woken for that. Each of them in turn is the head.
 */
static void it_needs_no_timer_for_reservations(int variant)
{
    enum kind kind = (enum kind)(variant / 2);
    struct lane *lane = lane_create(BY_PRODUCE, variant % 2 == 0 ? THREAD : ATTACHED, CHEAP + PENDING, 2,
                                    OPTIONS(.window = 64, .no_assist = kind == NO_ASSIST,
                                            .on_failure = kind == FAIL_FAST ? OIP_FAIL_FAST : OIP_END_IN_ORDER));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, CHEAP), 0);
    for (int i = 0; i < CHEAP; i++) {
        wait_for(&lane->arrivals);
    }
    for (int i = 0; i < PENDING; i++) {
        reserve(lane, CHEAP + i);
    }
    for (int i = 0; i < PENDING; i++) {
        WAIT_UNTIL(consumer_sleeps_for_good(lane));
        lane_finish_elsewhere(&lane->items[CHEAP + i]);
        wait_for(&lane->arrivals);
    }
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, CHEAP + PENDING);
    lane_end(lane);
}

/* ------------------------------------------------------------------------------------ on a thread of the pool ---- */

enum inner { INNER_PLAIN, INNER_FAIL_FAST, INNER_NO_ASSIST, INNER_DEADLINES, INNER_WIDTH, INNERS };

static const char *inner_name(int inner)
{
    static const char *const names[] = {"plain", "fail fast", "no assist", "deadlines", "width of one"};
    return names[inner];
}

enum { EACH = 3 };

struct nest {
    oip_pool *pool;
    enum inner inner;
    int depth;    /* of producers inside one another; the innermost items do nothing */
    int deepest;  /* that was reached; one thread writes it */
    int refused;  /* waits for an item, with -EDEADLK */
    int received; /* items */
};

struct job {
    struct nest *nest;
    int depth;
};

static void produce_inside(struct nest *nest, int depth);

static int run_job(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)sequence;
    struct job *job = payload;
    if (job->depth < job->nest->depth) {
        produce_inside(job->nest, job->depth + 1);
    }
    return 0;
}

/* Makes a producer, asks it for items and consumes them, all on this thread. */
static void produce_inside(struct nest *nest, int depth)
{
    struct oip_producer_options options = *OPTIONS(.window = EACH, .payload_size = sizeof(struct job), .run = run_job);
    options.on_failure = nest->inner == INNER_FAIL_FAST ? OIP_FAIL_FAST : OIP_END_IN_ORDER;
    options.no_assist = nest->inner == INNER_NO_ASSIST;
    options.deadlines = nest->inner == INNER_DEADLINES;
    options.width = nest->inner == INNER_WIDTH;
    oip_producer *producer;
    nest->deepest = depth > nest->deepest ? depth : nest->deepest;
    CHECK_EQUAL(oip_producer_create(&producer, nest->pool, &options), 0);
    CHECK_EQUAL(oip_attach(producer), 0);
    int asked = depth == 1 || nest->depth == 1 ? EACH : 1; /* 3 to the depth of 40 are too many */
    for (int i = 0; i < asked; i++) {
        CHECK_EQUAL(oip_produce(producer, &(struct job){nest, depth}, NULL), 0);
    }
    for (int i = 0; i < asked; i++) {
        struct job job;
        uint64_t sequence;
        int result = oip_next(producer, &job, &sequence);
        CHECK(result == 1 || result == -EDEADLK);
        if (result != 1) {
            nest->refused++;
            break; /* nothing was changed: the consumer is still there, and leaves */
        }
        CHECK_EQUAL(sequence, i);
        nest->received++;
    }
    oip_detach(producer);
    oip_producer_release(producer);
}

static void begin_nest(void *argument)
{
    struct nest *nest = argument;
    produce_inside(nest, 1);
}

static sem_t done;

static void nest_in_pool(void *argument)
{
    begin_nest(argument);
    sem_post(&done);
}

/* The pool's only thread is the consumer: it runs what it waits for. */
static void it_runs_what_it_waits_for_on_a_thread_of_the_pool(int inner)
{
    struct nest nest = {.pool = pool_of(1), .inner = (enum inner)inner, .depth = 1};
    sem_init(&done, 0, 0);
    CHECK_EQUAL(oip_pool_run(nest.pool, nest_in_pool, &nest), 0);
    wait_for(&done);
    CHECK_EQUAL(nest.received, EACH);
    CHECK_EQUAL(nest.refused, 0);
    pool_end(nest.pool);
}

/* Where that would lie too deep on its stack it is told so. */
static void it_never_hangs_however_deep(int inner)
{
    enum { DEEP = 40 };
    struct nest nest = {.pool = pool_of(1), .inner = (enum inner)inner, .depth = DEEP};
    sem_init(&done, 0, 0);
    CHECK_EQUAL(oip_pool_run(nest.pool, nest_in_pool, &nest), 0);
    wait_for(&done);
    CHECK(nest.deepest == DEEP || nest.refused > 0);
    CHECK(nest.received > 0);
    pool_end(nest.pool);
}

/* The same inside an item of another producer, whose own consumer waits for it. */
static int nest_in_item(void *context, void *payload, uint64_t sequence)
{
    (void)payload, (void)sequence;
    begin_nest(context);
    return 0;
}

static void it_runs_what_it_waits_for_inside_an_item(int inner)
{
    struct nest nest = {.pool = pool_of(1), .inner = (enum inner)inner, .depth = 2};
    oip_producer *outer;
    CHECK_EQUAL(oip_producer_create(
                    &outer, nest.pool,
                    OPTIONS(.payload_size = 8, .run = nest_in_item, .context = &nest, .on_failure = OIP_FAIL_FAST)),
                0);
    uint64_t payload = 0;
    CHECK_EQUAL(oip_attach(outer), 0);
    CHECK_EQUAL(oip_produce(outer, &payload, NULL), 0);
    CHECK_EQUAL(oip_next(outer, &payload, NULL), 1);
    CHECK_EQUAL(nest.received, EACH + EACH); /* of the outermost, and one in each of those */
    CHECK_EQUAL(nest.refused, 0);
    oip_detach(outer);
    CHECK_EQUAL(oip_stop(outer, NULL), 0);
    oip_producer_release(outer);
    pool_end(nest.pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"it needs no timer for reservations", it_needs_no_timer_for_reservations, KINDS * 2, kind_name},
        {"it runs what it waits for on a thread of the pool", it_runs_what_it_waits_for_on_a_thread_of_the_pool, INNERS,
         inner_name},
        {"it runs what it waits for inside an item", it_runs_what_it_waits_for_inside_an_item, INNERS, inner_name},
        {"it never hangs however deep", it_never_hangs_however_deep, INNERS, inner_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
