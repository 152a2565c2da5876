/* SPDX-License-Identifier: Apache-2.0 */
/* A held run: each item is begun once, by the holder or by one thief, and none is lost between them. */
#include "Support/check.h"

#include "errors.h"
#include "held_run.h"

#include <sched.h>

static struct held_run held;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void the_holder_has_its_run_for_itself(int variant)
{
    (void)variant;
    CHECK(!held_run_next(&held, 0, &lock));
    CHECK(!held_run_waits(&held));
    held_run_begin(&held, 10, 14); /* and begins with 10 */
    for (uint64_t sequence = 11; sequence < 14; sequence++) {
        CHECK(held_run_waits(&held));
        CHECK(held_run_next(&held, sequence, &lock));
        CHECK(!held_run_next(&held, sequence, &lock)); /* once */
    }
    CHECK(!held_run_waits(&held));
    CHECK(!held_run_next(&held, 14, &lock));
}

static void a_thief_takes_the_oldest_not_begun(int variant)
{
    (void)variant;
    uint64_t sequence;
    CHECK(!held_run_steal(&held, &sequence, &lock));
    held_run_begin(&held, 10, 14);
    CHECK(held_run_next(&held, 11, &lock));
    CHECK(held_run_steal(&held, &sequence, &lock));
    CHECK_EQUAL(sequence, 12);
    CHECK(!held_run_next(&held, 12, &lock));
    CHECK(held_run_next(&held, 13, &lock));
    CHECK(!held_run_steal(&held, &sequence, &lock));
    held_run_begin(&held, 14, 17); /* a new run is not taken for stolen */
    CHECK(held_run_next(&held, 15, &lock));
    CHECK(held_run_steal(&held, &sequence, &lock));
    CHECK_EQUAL(sequence, 16);
    CHECK(!held_run_waits(&held));
}

enum { THIEVES = 2, ITEMS = 60000 };

static atomic_int begun[ITEMS + HELD_RUN_MOST];
static atomic_bool over;

static void *steal_all(void *argument)
{
    (void)argument;
    while (!atomic_load(&over)) {
        uint64_t sequence;
        if (held_run_waits(&held) && held_run_steal(&held, &sequence, &lock)) {
            CHECK_EQUAL(atomic_fetch_add(&begun[sequence], 1), 0);
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void none_is_lost_and_none_is_begun_twice(int variant)
{
    (void)variant;
    CHECK_EQUAL(prepare_process(), 0); /* the asymmetric fences */
    pthread_t thieves[THIEVES];
    for (int i = 0; i < THIEVES; i++) {
        CHECK_EQUAL(pthread_create(&thieves[i], NULL, steal_all, NULL), 0);
    }
    for (uint64_t first = 0; first < ITEMS; first += HELD_RUN_MOST) {
        held_run_begin(&held, first, first + HELD_RUN_MOST);
        CHECK_EQUAL(atomic_fetch_add(&begun[first], 1), 0);
        for (uint64_t sequence = first + 1; sequence < first + HELD_RUN_MOST; sequence++) {
            if (held_run_next(&held, sequence, &lock)) {
                CHECK_EQUAL(atomic_fetch_add(&begun[sequence], 1), 0);
            } else {
                while (atomic_load(&begun[sequence]) == 0) { /* hangs where it was lost */
                    sched_yield();
                }
            }
        }
    }
    atomic_store(&over, true);
    for (int i = 0; i < THIEVES; i++) {
        CHECK_EQUAL(pthread_join(thieves[i], NULL), 0);
    }
    for (int i = 0; i < ITEMS; i++) {
        CHECK_EQUAL(atomic_load(&begun[i]), 1);
    }
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the holder has its run for itself", the_holder_has_its_run_for_itself, 0, NULL},
        {"a thief takes the oldest not begun", a_thief_takes_the_oldest_not_begun, 0, NULL},
        {"none is lost and none is begun twice", none_is_lost_and_none_is_begun_twice, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
