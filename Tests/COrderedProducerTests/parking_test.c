/* SPDX-License-Identifier: Apache-2.0 */
/* Parking: a signal after the ticket ends the wait, before or during it; signals are remembered. */
#include "Support/check.h"

#include "parking.h"

#include <pthread.h>

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
    CHECK(!parking_wait(&place, parking_ticket(&place), 1)); /* both are used up by a new ticket */
}

static void a_wait_without_a_signal_times_out(int variant)
{
    (void)variant;
    struct parking place;
    parking_init(&place);
    for (int i = 0; i < 100; i++) {
        CHECK(!parking_wait(&place, parking_ticket(&place), 1000));
    }
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
        {"no signal is lost between two threads", no_signal_is_lost_between_two_threads, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
