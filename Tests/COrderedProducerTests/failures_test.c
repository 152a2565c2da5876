/* SPDX-License-Identifier: Apache-2.0 */
/* Items that fail: the three policies, for each way to ask for items and each kind of consumer. */
#include "Support/lane.h"

#include <sched.h>
#include <stdlib.h>

enum { VARIANTS = WAYS * CONSUMERS, CODE = 1000 };

static void expect_failure(struct lane *lane, uint64_t sequence)
{
    uint64_t failed = UINT64_MAX;
    int code = 0;
    CHECK_EQUAL(oip_failure(lane->producer, &failed, &code), 1);
    CHECK_EQUAL(failed, sequence);
    CHECK_EQUAL(code, CODE + (int)sequence);
}

static void let_fail(struct lane *lane, int index)
{
    lane->items[index].code = CODE + index;
}

/* ---------------------------------------------------------------------------------------------------- in order ---- */

static void items_before_the_failure_arrive(int variant)
{
    struct lane *lane = lane_of_variant(variant, 8, 4, OPTIONS(.window = 8));
    sem_t begun, gate;
    lane_hold(lane, 0, 3, &begun, &gate);
    let_fail(lane, 3);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    WAIT_UNTIL(atomic_load(&lane->items[3].ends) == 1); /* it fails while all before it are unfinished */
    int result = lane_try(lane, 4);
    CHECK(result == 0 || result == -EPIPE); /* it may come through before the failure is known */
    post_many(&gate, 3);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 3);
    expect_failure(lane, 3);
    CHECK_EQUAL(lane_try(lane, 5), -EPIPE);
    lane_end(lane);
}

static void the_lowest_failure_wins(int variant)
{
    struct lane *lane = lane_of_variant(variant, 6, 6, OPTIONS(.window = 6));
    sem_t begun, gate;
    lane_hold(lane, 0, 6, &begun, &gate);
    sem_t last[3];
    for (int i = 2; i < 5; i++) {
        let_fail(lane, i);
        sem_init(&last[i - 2], 0, 0);
        lane->items[i].hold = &last[i - 2];
    }
    CHECK_EQUAL(lane_ask(lane, 0, 6), 0);
    for (int i = 0; i < 6; i++) {
        wait_for(&begun); /* all run at once */
    }
    CHECK_EQUAL(lane_start(lane), 0);
    for (int i = 4; i >= 2; i--) { /* 4 fails, then 3, then 2 */
        sem_post(&last[i - 2]);
        WAIT_UNTIL(atomic_load(&lane->items[i].ends) == 1);
    }
    post_many(&gate, 3);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 2);
    expect_failure(lane, 2);
    lane_end(lane);
}

static int end_at_once_and_fail(struct lane *lane, struct item *item)
{
    (void)item;
    oip_stop_producing(lane->producer);
    return CODE;
}

/* The program has ended production, and not the failure. */
static void a_sink_that_fails_behind_an_ending_ends_nothing(int variant)
{
    (void)variant;
    struct lane *lane = lane_create(BY_PRODUCE, SINK, 2, 1, OPTIONS(.window = 4));
    lane->on_delivery = end_at_once_and_fail;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 1);
    CHECK_EQUAL(oip_failure(lane->producer, NULL, NULL), 0);
    lane_end(lane);
}

static void a_failure_before_start_is_kept(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    sem_t begun, gate;
    lane_hold(lane, 0, 4, &begun, &gate);
    let_fail(lane, 1);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    post_many(&gate, 4);
    WAIT_UNTIL(atomic_load(&lane->items[1].ends) == 1);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 1);
    expect_failure(lane, 1);
    lane_end(lane);
}

static void items_behind_the_failure_are_not_started(int variant)
{
    /* One thread and no helpers: nothing overtakes the failing item. */
    struct lane *lane = lane_of_variant(variant, 16, 1, OPTIONS(.window = 16, .width = 1, .no_assist = true));
    sem_t begun, gate;
    lane_hold(lane, 0, 1, &begun, &gate);
    let_fail(lane, 0);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 16), 0);
    wait_for(&begun);
    post_many(&gate, 1);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    expect_failure(lane, 0);
    for (int i = 1; i < 16 && lane->way != BY_RESERVE; i++) {
        CHECK_EQUAL(atomic_load(&lane->items[i].begins), 0);
    }
    lane_end(lane);
}

static void a_failure_under_pause_ends_after_resume(int variant)
{
    struct lane *lane = lane_of_variant(variant, 4, 2, OPTIONS(.window = 4));
    sem_t begun, gate;
    lane_hold(lane, 0, 4, &begun, &gate);
    let_fail(lane, 2);
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    CHECK_EQUAL(lane_ask(lane, 0, 4), 0);
    post_many(&gate, 4);
    WAIT_UNTIL(atomic_load(&lane->items[2].ends) == 1);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    oip_resume(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 2);
    expect_failure(lane, 2);
    lane_end(lane);
}

static void *ask_for_all(void *argument)
{
    struct lane *lane = argument;
    int result = lane_ask(lane, 0, lane->count);
    CHECK(result == 0 || result == -EPIPE);
    return NULL;
}

static void a_failure_releases_waiting_callers(int variant)
{
    struct lane *lane = lane_of_variant(variant, 500, 2, OPTIONS(.window = 4));
    let_fail(lane, 20);
    CHECK_EQUAL(lane_start(lane), 0);
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_for_all, lane), 0);
    CHECK_EQUAL(pthread_join(caller, NULL), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 20);
    expect_failure(lane, 20);
    lane_end(lane);
}

/* --------------------------------------------------------------------------------------------------- fail fast ---- */

/* Items 0 and 1 are held inside when item 2, which fails, is asked for. */
static struct lane *failing_behind_two(int variant, bool second_fails, sem_t *begun, sem_t *gate)
{
    struct lane *lane = lane_of_variant(variant, 4, 4, OPTIONS(.window = 8, .on_failure = OIP_FAIL_FAST));
    lane_hold(lane, 0, 2, begun, gate);
    let_fail(lane, 2);
    if (second_fails) {
        let_fail(lane, 1);
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 2), 0);
    wait_for(begun);
    wait_for(begun);
    CHECK_EQUAL(lane_ask(lane, 2, 1), 0);
    return lane;
}

static void fail_fast_ends_at_once(int variant)
{
    sem_t begun, gate;
    struct lane *lane = failing_behind_two(variant, false, &begun, &gate);
    if (lane->consumer != SINK) {
        wait_for(&lane->finished); /* the iteration ends while the items before the failure still run */
        CHECK_EQUAL(lane_try(lane, 3), -EPIPE);
    }
    WAIT_UNTIL(oip_failure(lane->producer, NULL, NULL) == 1);
    post_many(&gate, 2);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    expect_failure(lane, 2);
    lane_end(lane);
}

static void fail_fast_reports_the_first(int variant)
{
    sem_t begun, gate;
    struct lane *lane = failing_behind_two(variant, true, &begun, &gate);
    WAIT_UNTIL(oip_failure(lane->producer, NULL, NULL) == 1);
    expect_failure(lane, 2);
    post_many(&gate, 2);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    expect_failure(lane, 2); /* item 1 comes before it, and failed later: that ended nothing */
    lane_end(lane);
}

/* -------------------------------------------------------------------------------------------------------- skip ---- */

static void skip_leaves_out_what_failed(int variant)
{
    struct lane *lane = lane_of_variant(variant, 200, 2, OPTIONS(.window = 7, .on_failure = OIP_SKIP));
    for (int i = 0; i < 200; i += 3) {
        let_fail(lane, i);
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 200), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    int at = 0;
    for (int i = 0; i < 200; i++) {
        if (i % 3 != 0) {
            CHECK_EQUAL(lane->order[at], i);
            at++;
        }
    }
    CHECK_EQUAL(atomic_load(&lane->delivered), at);
    CHECK_EQUAL(oip_failure(lane->producer, NULL, NULL), 0);
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    CHECK_EQUAL(statistics.failed, 67);
    CHECK_EQUAL(statistics.skipped, 67);
    CHECK_EQUAL(statistics.delivered, 133);
    CHECK_EQUAL(statistics.discarded, 0);
    lane_end(lane);
}

static void skip_lets_all_fail(int variant)
{
    struct lane *lane = lane_of_variant(variant, 40, 2, OPTIONS(.window = 3, .on_failure = OIP_SKIP));
    for (int i = 0; i < 40; i++) {
        let_fail(lane, i);
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 40), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 0);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"items before the failure arrive", items_before_the_failure_arrive, VARIANTS, lane_name},
        {"the lowest failure wins", the_lowest_failure_wins, VARIANTS, lane_name},
        {"a sink that fails behind an ending ends nothing", a_sink_that_fails_behind_an_ending_ends_nothing, 0, NULL},
        {"a failure before start is kept", a_failure_before_start_is_kept, VARIANTS, lane_name},
        {"items behind the failure are not started", items_behind_the_failure_are_not_started, VARIANTS, lane_name},
        {"a failure under pause ends after resume", a_failure_under_pause_ends_after_resume, VARIANTS, lane_name},
        {"a failure releases waiting callers", a_failure_releases_waiting_callers, VARIANTS, lane_name},
        {"fail fast ends at once", fail_fast_ends_at_once, VARIANTS, lane_name},
        {"fail fast reports the first", fail_fast_reports_the_first, VARIANTS, lane_name},
        {"skip leaves out what failed", skip_leaves_out_what_failed, VARIANTS, lane_name},
        {"skip lets all fail", skip_lets_all_fail, VARIANTS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
