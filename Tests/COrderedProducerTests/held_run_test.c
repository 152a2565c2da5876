/* SPDX-License-Identifier: Apache-2.0 */
/* A held run: each item is begun once, by the holder or by one thief, and none is lost between them. */
#include "Support/check.h"
#include "Support/threads.h"
#include "Support/waiting.h"

#include "errors.h"
#include "held_run.h"

#include <sched.h>
#include <unistd.h>

static struct held_run run;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void the_holder_has_its_run_for_itself(int variant)
{
    (void)variant;
    uint64_t sequence;
    CHECK(!held_run_next(&run, &sequence, &lock));
    CHECK(!held_run_waits(&run));
    held_run_begin(&run, 10, 14); /* and begins with 10 */
    for (uint64_t expected = 11; expected < 14; expected++) {
        CHECK(held_run_waits(&run));
        CHECK(held_run_next(&run, &sequence, &lock));
        CHECK_EQUAL(sequence, expected);
    }
    CHECK(!held_run_waits(&run));
    CHECK(!held_run_next(&run, &sequence, &lock));
}

static void a_thief_takes_what_is_not_begun(int variant)
{
    (void)variant;
    uint64_t sequence;
    CHECK_EQUAL(held_run_steal(&run, HELD_RUN_MOST, &sequence, &lock), 0);
    held_run_begin(&run, 10, 15);
    CHECK(held_run_next(&run, &sequence, &lock));
    CHECK_EQUAL(held_run_steal(&run, 1, &sequence, &lock), 1); /* from the back */
    CHECK_EQUAL(sequence, 14);
    CHECK_EQUAL(held_run_steal(&run, HELD_RUN_MOST, &sequence, &lock), 2);
    CHECK_EQUAL(sequence, 12);
    CHECK(!held_run_waits(&run));
    CHECK(!held_run_next(&run, &sequence, &lock));
    CHECK_EQUAL(held_run_steal(&run, HELD_RUN_MOST, &sequence, &lock), 0);
    held_run_begin(&run, 15, 18); /* a new run is not taken for stolen */
    CHECK(held_run_next(&run, &sequence, &lock));
    CHECK_EQUAL(sequence, 16);
    CHECK_EQUAL(held_run_steal(&run, HELD_RUN_MOST, &sequence, &lock), 1);
    CHECK_EQUAL(sequence, 17);
}

static void a_thief_is_faster_than_a_new_run_is_noticed(int variant)
{
    (void)variant;
    uint64_t sequence;
    held_run_begin(&run, 0, 3);
    CHECK_EQUAL(held_run_steal(&run, HELD_RUN_MOST, &sequence, &lock), 2);
    held_run_begin(&run, 8, 12); /* the holder has not noticed the theft */
    CHECK_EQUAL(held_run_steal(&run, HELD_RUN_MOST, &sequence, &lock), 3);
    CHECK_EQUAL(sequence, 9);
    CHECK(!held_run_next(&run, &sequence, &lock));
}

static void each_thread_has_a_run_of_its_own(int variant)
{
    (void)variant;
    struct held_runs held = {0};
    held_runs_init(&held);
    struct held_run *taken[HELD_RUNS - 1];
    for (int i = 0; i < HELD_RUNS - 1; i++) {
        taken[i] = held_runs_take(&held);
        CHECK(taken[i] != NULL && taken[i] != &held.runs[0]); /* that is the deliverer's */
        CHECK(i == 0 || taken[i] != taken[i - 1]);
    }
    CHECK(held_runs_take(&held) == NULL);
    CHECK(!held_runs_wait(&held));
    held_run_begin(taken[1], 4, 6);
    CHECK(held_runs_wait(&held));
    CHECK(held_runs_find(&held, 0) == taken[1]);
    held_runs_return(&held, taken[0]);
    CHECK(held_runs_take(&held) == taken[0]);
}

static void a_holder_that_begins_nothing_is_stuck(int variant)
{
    (void)variant;
    struct held_runs held = {0};
    held_runs_init(&held);
    uint64_t sequence;
    held_run_begin(&held.runs[0], 0, 4);
    CHECK(!held_runs_are_stuck(&held)); /* seen for the first time */
    CHECK(held_runs_are_stuck(&held));
    CHECK(held_run_next(&held.runs[0], &sequence, &lock));
    CHECK(!held_runs_are_stuck(&held));
    CHECK(held_runs_find(&held, 1000) == &held.runs[0]);
    CHECK_EQUAL(held_run_steal(&held.runs[0], HELD_RUN_MOST, &sequence, &lock), 2);
    CHECK(!held_runs_are_stuck(&held));
    CHECK(held_runs_find(&held, 0) == NULL);
}

enum { THIEVES = 2, ITEMS = 60000 };

static atomic_int begun[ITEMS + HELD_RUN_MOST];
static atomic_bool over;

static void *steal_all(void *most)
{
    while (!atomic_load(&over)) {
        uint64_t first;
        uint64_t count = held_run_waits(&run) ? held_run_steal(&run, (uintptr_t)most, &first, &lock) : 0;
        for (uint64_t i = 0; i < count; i++) {
            CHECK_EQUAL(atomic_fetch_add(&begun[first + i], 1), 0);
        }
        if (count == 0) {
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
    for (uintptr_t i = 0; i < THIEVES; i++) {
        CHECK_EQUAL(pthread_create(&thieves[i], NULL, steal_all, (void *)(i == 0 ? 1 : (uintptr_t)HELD_RUN_MOST)), 0);
    }
    for (uint64_t first = 0; first < ITEMS; first += HELD_RUN_MOST) {
        held_run_begin(&run, first, first + HELD_RUN_MOST);
        CHECK_EQUAL(atomic_fetch_add(&begun[first], 1), 0);
        uint64_t sequence;
        while (held_run_next(&run, &sequence, &lock)) {
            CHECK_EQUAL(atomic_fetch_add(&begun[sequence], 1), 0);
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

static struct held_runs held;
static _Atomic pid_t thief;
static uint64_t stolen;

static void *steal_one(void *unused)
{
    (void)unused;
    atomic_store(&thief, gettid());
    return held_runs_steal(&held, &stolen, &lock) ? &held : NULL;
}

/* Its holder begins the last of it while the thief, who saw something there, waits for the lock. */
static void a_run_that_is_empty_hides_no_other(int variant)
{
    (void)variant;
    uint64_t sequence;
    held_runs_init(&held);
    held_run_begin(&held.runs[0], 10, 12);
    held_run_begin(&held.runs[1], 20, 22);
    pthread_mutex_lock(&lock);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, steal_one, NULL), 0);
    WAIT_UNTIL(thread_is_asleep(atomic_load(&thief)));
    CHECK(held_run_next(&held.runs[0], &sequence, &lock));
    pthread_mutex_unlock(&lock);
    void *result;
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(result == &held);
    CHECK_EQUAL(stolen, 21);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the holder has its run for itself", the_holder_has_its_run_for_itself, 0, NULL},
        {"a thief takes what is not begun", a_thief_takes_what_is_not_begun, 0, NULL},
        {"a thief is faster than a new run is noticed", a_thief_is_faster_than_a_new_run_is_noticed, 0, NULL},
        {"each thread has a run of its own", each_thread_has_a_run_of_its_own, 0, NULL},
        {"a holder that begins nothing is stuck", a_holder_that_begins_nothing_is_stuck, 0, NULL},
        {"none is lost and none is begun twice", none_is_lost_and_none_is_begun_twice, 0, NULL},
        {"a run that is empty hides no other", a_run_that_is_empty_hides_no_other, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
