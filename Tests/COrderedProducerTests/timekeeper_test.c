/* SPDX-License-Identifier: Apache-2.0 */
/* The timekeeper: alarms ring in the order of their times, once, and one thread is enough for all of a pool. */
#include "Support/lane.h"
#include "Support/threads.h"

#include "pool.h"

#include <stdlib.h>

enum { ALARMS = 1000 };

struct bell {
    struct alarm alarm;
    uint64_t time;
    bool alive;
};

static struct bell bells[ALARMS];
static sem_t begun, gate, rung;
static uint64_t times[ALARMS]; /* at which they were set to ring, in the order in which they did */
static int count;

static bool keep_alive(struct alarm *alarm)
{
    return OIP_CONTAINER_OF(alarm, struct bell, alarm)->alive;
}

static void note(struct alarm *alarm)
{
    times[count++] = OIP_CONTAINER_OF(alarm, struct bell, alarm)->time;
    sem_post(&rung);
}

static void hold(struct alarm *alarm)
{
    (void)alarm;
    sem_post(&begun);
    wait_for(&gate);
}

static void admit(oip_pool *pool, struct bell *bell, void (*ring)(struct alarm *alarm))
{
    *bell = (struct bell){.alarm = {.keep_alive = keep_alive, .ring = ring}, .alive = true};
    CHECK_EQUAL(timekeeper_admit(pool, &bell->alarm), 0);
}

/* The timekeeper is inside an alarm of its own until it is let go. */
static oip_pool *pool_with_held_timekeeper(struct bell *holder)
{
    sem_init(&begun, 0, 0);
    sem_init(&gate, 0, 0);
    sem_init(&rung, 0, 0);
    count = 0;
    oip_pool *pool = pool_of(1);
    admit(pool, holder, hold);
    alarm_set(pool, &holder->alarm, 1);
    wait_for(&begun);
    return pool;
}

static void alarms_ring_in_their_order(int variant)
{
    (void)variant;
    static struct bell holder;
    oip_pool *pool = pool_with_held_timekeeper(&holder);
    uint64_t state = test_seed();
    int silent = 0;
    for (int i = 0; i < ALARMS; i++) {
        admit(pool, &bells[i], note);
    }
    for (int i = 0; i < ALARMS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bells[i].time = 2 + (state >> 33) % 5000;
        alarm_set(pool, &bells[i].alarm, bells[i].time + state % 3 * 1000); /* some for later, and then for earlier */
        alarm_set(pool, &bells[i].alarm, bells[i].time);
        alarm_set(pool, &bells[i].alarm, bells[i].time + 1); /* which changes nothing */
    }
    for (int i = 0; i < ALARMS; i += 7) { /* these go before they ring, in one way or the other */
        silent++;
        if (i % 2 == 0) {
            bells[i].alive = false;
        } else {
            timekeeper_dismiss(pool, &bells[i].alarm);
        }
    }
    sem_post(&gate);
    for (int i = 0; i < ALARMS - silent; i++) {
        wait_for(&rung);
    }
    pool_end(pool); /* waits for the timekeeper: none rings after that */
    CHECK_EQUAL(count, ALARMS - silent);
    for (int i = 1; i < count; i++) {
        CHECK(times[i - 1] <= times[i]);
    }
}

/* Room for one more is made while all the others are set. */
static void alarms_that_are_set_stay_so(int variant)
{
    (void)variant;
    enum { MOST = 100 };
    static struct bell holder;
    oip_pool *pool = pool_with_held_timekeeper(&holder);
    for (int i = 0; i < MOST; i++) {
        admit(pool, &bells[i], note);
        bells[i].time = (uint64_t)(2 + i);
        alarm_set(pool, &bells[i].alarm, bells[i].time);
    }
    sem_post(&gate);
    for (int i = 0; i < MOST; i++) {
        wait_for(&rung);
    }
    pool_end(pool);
    CHECK_EQUAL(count, MOST);
}

static void an_alarm_may_be_set_as_it_rings(int variant)
{
    (void)variant;
    static struct bell holder;
    oip_pool *pool = pool_with_held_timekeeper(&holder);
    for (int i = 0; i < 3; i++) {
        alarm_set(pool, &holder.alarm, 1); /* it was taken down before it rang */
        sem_post(&gate);
        wait_for(&begun);
    }
    sem_post(&gate);
    pool_end(pool);
}

static void the_earliest_of_all_wakes_it(int variant)
{
    (void)variant;
    static struct bell holder;
    oip_pool *pool = pool_with_held_timekeeper(&holder);
    admit(pool, &bells[0], note);
    admit(pool, &bells[1], note);
    alarm_set(pool, &bells[0].alarm, oip_now() + 3600000000000);
    sem_post(&gate); /* it goes to sleep for an hour */
    bells[1].time = oip_now() + 1000000;
    alarm_set(pool, &bells[1].alarm, bells[1].time);
    wait_for(&rung);
    CHECK(oip_now() >= bells[1].time);
    CHECK_EQUAL(count, 1);
    pool_end(pool); /* does not wait for the hour */
}

/* ------------------------------------------------------------------------------------------------ with producers -- */

static int pass(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static int deliver(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    sem_post(&rung);
    return 0;
}

static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    (void)context, (void)payload, (void)sequence, (void)argument;
    return 0;
}

static void one_is_enough_for_thousands_of_producers(int variant)
{
    (void)variant;
    enum { PRODUCERS = 2000 };
    static oip_producer *producers[PRODUCERS];
    sem_init(&rung, 0, 0);
    oip_pool *pool = pool_of(2);
    CHECK_EQUAL(threads_named("oip-clock"), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        CHECK_EQUAL(oip_producer_create(&producers[i], pool,
                                        OPTIONS(.window = 4, .payload_size = 8, .run = pass, .substitute = substitute,
                                                .deadline_ns = 1000000 + (uint64_t)(i * 7919 % PRODUCERS) * 1000)),
                    0);
        CHECK_EQUAL(oip_start_sink(producers[i], deliver, NULL), 0);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        CHECK_EQUAL(oip_reserve(producers[i], &(uint64_t){0}), 0);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        wait_for(&rung);
    }
    WAIT_UNTIL(threads_named("oip-clock") == 1); /* a spare thread that it has just started has its name for a moment */
    for (int i = 0; i < PRODUCERS; i++) {
        CHECK_EQUAL(oip_stop(producers[i], NULL), 0);
        oip_complete(producers[i], 0, &(uint64_t){0});
        oip_producer_release(producers[i]);
    }
    pool_end(pool);
    WAIT_UNTIL(library_threads() == 0);
}

static void it_ends_with_a_pool_that_nobody_holds(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(2);
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = pass, .deadline_ns = 1)), 0);
    uint64_t sequence;
    CHECK_EQUAL(oip_reserve(producer, &sequence), 0);
    oip_pool_release(pool);
    oip_stop_producing(producer); /* the timekeeper overtakes the reservation, and production ends on its thread */
    oip_producer_release(producer);
    WAIT_UNTIL(library_threads() == 0);
    oip_complete(producer, sequence, &sequence); /* the reservation keeps it */
}

int main(int argument_count, char **arguments)
{
    static const struct test tests[] = {
        {"alarms ring in their order", alarms_ring_in_their_order, 0, NULL},
        {"alarms that are set stay so", alarms_that_are_set_stay_so, 0, NULL},
        {"an alarm may be set as it rings", an_alarm_may_be_set_as_it_rings, 0, NULL},
        {"the earliest of all wakes it", the_earliest_of_all_wakes_it, 0, NULL},
        {"one is enough for thousands of producers", one_is_enough_for_thousands_of_producers, 0, NULL},
        {"it ends with a pool that nobody holds", it_ends_with_a_pool_that_nobody_holds, 0, NULL},
        {0},
    };
    return run_tests(tests, argument_count, arguments);
}
