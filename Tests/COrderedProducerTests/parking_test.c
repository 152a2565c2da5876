/* SPDX-License-Identifier: Apache-2.0 */
/* Parking: a signal after the ticket ends the wait, before or during it; signals are remembered. */
#include "Support/check.h"

#include "parking.h"
#include "sleeps.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

static void a_signal_before_the_wait_is_remembered(int variant)
{
    (void)variant;
    struct parking place;
    parking_init(&place);
    uint32_t ticket = parking_ticket(&place);
    parking_signal(&place);
    parking_signal(&place);
    CHECK(parking_wait(&place, ticket, PARKING_FOREVER)); /* does not sleep */
    CHECK(parking_wait(&place, ticket, 0));
    CHECK(!parking_wait(&place, parking_ticket(&place), oip_now() + 1)); /* both are used up by a new ticket */
}

static void a_wait_without_a_signal_times_out(int variant)
{
    (void)variant;
    struct parking place;
    parking_init(&place);
    for (int i = 0; i < 100; i++) {
        CHECK(!parking_wait(&place, parking_ticket(&place), oip_now() + 1000));
    }
}

/* Never less; how much more is the system's affair. */
static void a_wait_lasts_until_its_time(int variant)
{
    (void)variant;
    static const uint64_t spans[] = {1, 200000, 3000000, 1000000000, 1000200000};
    struct parking place;
    parking_init(&place);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        uint64_t until = oip_now() + spans[i];
        CHECK(!parking_wait(&place, parking_ticket(&place), until));
        CHECK(oip_now() >= until);
    }
    CHECK(!parking_wait(&place, parking_ticket(&place), 0)); /* none at all */
}

/* And not many, each a little longer than the last. */
static void a_wait_is_one_sleep(int variant)
{
    (void)variant;
    struct parking place;
    parking_init(&place);
    CHECK(!parking_wait(&place, parking_ticket(&place), oip_now() + 1500000000));
    CHECK_EQUAL(futex_waits(), 1);
}

/* Whoever calls the library between a call of his own and a look at errno. */
static void errno_is_left_alone(int variant)
{
    (void)variant;
    struct parking place;
    parking_init(&place);
    errno = 4711;
    CHECK(!parking_wait(&place, parking_ticket(&place), oip_now() + 1000)); /* the futex fails with ETIMEDOUT */
    CHECK_EQUAL(errno, 4711);
    parking_signal(&place);
    CHECK_EQUAL(errno, 4711);
}

enum { SLEEPERS = 5 };

static struct parking shared_place;
static uint32_t shared_ticket;
static atomic_int asleep;

static void *sleep_on_shared_place(void *until)
{
    atomic_fetch_add(&asleep, 1);
    CHECK(parking_wait(&shared_place, shared_ticket, *(uint64_t *)until));
    return NULL;
}

static void one_signal_ends_all_waits(int with_timeout)
{
    uint64_t until = with_timeout ? oip_now() + UINT64_C(3600) * 1000000000 : PARKING_FOREVER;
    pthread_t threads[SLEEPERS];
    parking_init(&shared_place);
    shared_ticket = parking_ticket(&shared_place);
    for (int i = 0; i < SLEEPERS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, sleep_on_shared_place, &until), 0);
    }
    while (atomic_load(&asleep) < SLEEPERS) {
        sched_yield();
    }
    parking_signal(&shared_place);
    for (int i = 0; i < SLEEPERS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
}

static const char *timed_or_not(int with_timeout)
{
    return with_timeout ? "with a timeout" : "without";
}

struct pair {
    struct parking places[2];
    atomic_int turn;
};

struct player {
    struct pair *pair;
    int me;
};

enum { ROUNDS = 3000 };

/* Two threads hand a turn to and fro: announcement and look on one side, work and signal on the other. */
static void *play(void *argument)
{
    struct pair *pair = ((struct player *)argument)->pair;
    int me = ((struct player *)argument)->me;
    for (int round = 0; round < ROUNDS; round++) {
        for (;;) {
            uint32_t ticket = parking_ticket(&pair->places[me]);
            if (atomic_load(&pair->turn) == me) {
                break;
            }
            CHECK(parking_wait(&pair->places[me], ticket, PARKING_FOREVER));
        }
        atomic_store(&pair->turn, !me);
        parking_signal(&pair->places[!me]);
    }
    return NULL;
}

static void no_signal_is_lost_between_two_threads(int variant)
{
    (void)variant;
    struct pair pair;
    parking_init(&pair.places[0]);
    parking_init(&pair.places[1]);
    atomic_init(&pair.turn, 0);
    struct player players[] = {{&pair, 0}, {&pair, 1}};
    pthread_t other;
    CHECK_EQUAL(pthread_create(&other, NULL, play, &players[1]), 0);
    play(&players[0]);
    CHECK_EQUAL(pthread_join(other, NULL), 0);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a signal before the wait is remembered", a_signal_before_the_wait_is_remembered, 0, NULL},
        {"a wait without a signal times out", a_wait_without_a_signal_times_out, 0, NULL},
        {"a wait lasts until its time", a_wait_lasts_until_its_time, 0, NULL},
        {"a wait is one sleep", a_wait_is_one_sleep, 0, NULL},
        {"errno is left alone", errno_is_left_alone, 0, NULL},
        {"one signal ends all waits", one_signal_ends_all_waits, 2, timed_or_not},
        {"no signal is lost between two threads", no_signal_is_lost_between_two_threads, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
