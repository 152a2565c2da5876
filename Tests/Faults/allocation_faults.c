/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a call needs of the system may be refused, at whichever of its requests: the call then gives the documented
 * error and names the cause, has changed nothing, and succeeds when it is tried again. Once started, production needs
 * nothing of the system any more.
 */
#include "injection.h"
#include "scenarios.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A failure that has nothing to do with any of these: whatever the detail says afterwards is new. */
static void forget_detail(void)
{
    oip_pool *none;
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = OIP_MAX_THREADS + 1;
    CHECK_EQUAL(oip_pool_create(&none, &options), -EINVAL);
    CHECK(strstr(oip_error_detail(), "threads is") != NULL);
}

static void expect_error(int result, enum call cause)
{
    CHECK_EQUAL(result, -call_error(cause));
    const char *detail = oip_error_detail();
    bool memory = cause == CALL_MALLOC || cause == CALL_CALLOC || cause == CALL_ALIGNED_ALLOC;
    if (strstr(detail, memory ? "oip_" : call_name(cause)) == NULL) {
        check_failed(__FILE__, __LINE__, "%s failed, and the detail says '%s'", call_name(cause), detail);
    }
}

/* One attempt with a failing `first` request, and with `all` every later one. How many failed. */
static long try_with(struct stage *stage, long first, bool all)
{
    sigset_t mask_before, mask_after;
    pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
    forget_detail();
    struct census before = stage_settled(stage);
    injection_begin(first, all ? LONG_MAX : first);
    int result = stage->scenario->attempt(stage);
    long failed = injection_end();
    enum call cause = injection_cause();
    pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
    for (int signal = 1; signal < NSIG; signal++) {
        CHECK_EQUAL(sigismember(&mask_after, signal), sigismember(&mask_before, signal));
    }
    if (cause == CALLS) {
        CHECK_EQUAL(result, 0); /* nothing failed, or nothing that matters */
    } else {
        expect_error(result, cause);
        stage_try_again(stage, before);
    }
    stage_undo(stage);
    return failed;
}

static void every_request_fails(int variant)
{
    const struct scenario *scenario = &scenarios[variant / 2];
    bool all = variant % 2;
    struct stage stage;
    stage_begin(&stage, scenario);
    long requests = 0;
    /* A second round: the process's first call makes requests that no other makes. */
    for (int round = 0; round < 2; round++) {
        requests = 0;
        while (try_with(&stage, requests + 1, all) != 0) {
            requests++;
        }
    }
    CHECK(requests >= scenario->fewest);
    stage_end(&stage);
    injection_report();
}

/* Everything that the process asks for only once. */
static void the_first_call_of_a_process_may_fail(int variant)
{
    struct stage stage = {0};
    injection_begin(variant + 1, variant + 1);
    int result = make_large_pool(&stage);
    CHECK_EQUAL(injection_end(), 1);
    enum call cause = injection_cause();
    if (cause != CALLS) {
        expect_error(result, cause);
        CHECK_EQUAL(make_large_pool(&stage), 0);
    }
    use_pool(&stage);
    expect_nothing_left();
    injection_report();
}

static const char *request_number(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "request %d", variant + 1);
    return name;
}

static void threads_without_names_work(int variant)
{
    injection_fail_names(true);
    injection_begin(1, 0);
    struct lane *lane = lane_of_variant(variant, 100, 3, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 100), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 100);
    lane_end(lane);
    CHECK(injection_end() >= 3);
    injection_report();
}

/* Reserved items apart, whose functions the lane gives to a pool: that asks for memory. */
static void production_needs_nothing_more(int variant)
{
    struct lane *lane = lane_of_variant(variant, 200, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    injection_begin(1, LONG_MAX);
    if (lane->way != BY_RESERVE) {
        CHECK_EQUAL(lane_ask(lane, 0, 200), 0);
    }
    oip_pause(lane->producer);
    oip_resume(lane->producer);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), lane->way != BY_RESERVE ? 200 : 0);
    lane_end(lane);
    CHECK_EQUAL(injection_end(), 0); /* nothing was asked for */
    expect_nothing_left();
}

int main(int count, char **arguments)
{
    const struct test tests[] = {
        {"the first call of a process", the_first_call_of_a_process_may_fail, 40, request_number},
        {"every request fails", every_request_fails, scenario_count * 2, scenario_name},
        {"threads without names work", threads_without_names_work, WAYS * CONSUMERS, lane_name},
        {"production needs nothing more", production_needs_nothing_more, WAYS * CONSUMERS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
