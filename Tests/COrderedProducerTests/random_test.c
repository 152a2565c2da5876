/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations against a plain sequential model.
 *
 * A round draws everything from its seed: window, width, threads, policy, wait strategy, kind of consumer, callers,
 * what they ask for and how, which items fail, pauses, resizes, and how it ends. The model is Support/outcome.h.
 *
 *     random_test 'round 7' SEED=…      repeats one round; ROUNDS in the environment says how many there are
 */
#include "Support/dice.h"
#include "Support/lane.h"
#include "Support/outcome.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum ending { BY_STOP, BY_STOP_WHILE_ASKED, BY_STOP_PRODUCING, BY_LEAVING, BY_RELEASE, ENDINGS };
enum { DEFAULT_ROUNDS = 300, CALLERS_MOST = 4, ITEMS_MOST = 400 };

struct caller {
    struct lane *lane;
    struct dice dice;
    int first, count;
    pthread_t thread;
};

static int leave_after = -1;

static int leave(struct lane *lane, struct item *item)
{
    (void)item;
    return leave_after >= 0 && atomic_load(&lane->delivered) > leave_after ? SINK_CODE : 0;
}

static void dawdle(struct item *item)
{
    switch (item->mood % 4) {
    case 0:
        sched_yield();
        break;
    case 1:
        for (volatile int i = 0; i < 5000; i++) {
        }
        break;
    default:
        break;
    }
}

/* Registers a wait and takes it back at once, perhaps too late. */
static int ask_and_cancel(struct lane *lane, int index)
{
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    struct payload payload = lane_input(lane, index);
    uint64_t sequence = UINT64_MAX;
    int result = oip_produce_async(lane->producer, &payload, &sequence, &waiter.waiter);
    result = blocking_waiter_outcome(&waiter, lane->producer, result, &sequence, true);
    if (result == 0) {
        lane_accepted(lane, index, sequence);
    }
    return result == -ECANCELED ? 0 : result;
}

static void *call(void *argument)
{
    struct caller *caller = argument;
    struct lane *lane = caller->lane;
    for (int i = caller->first; i < caller->first + caller->count;) {
        int left = caller->first + caller->count - i;
        int count = 1, result;
        enum way way = (enum way)below(&caller->dice, WAYS);
        if (way == BY_MANY || (way == BY_CALL && lane->way != BY_CALL)) {
            /* A called function does not learn its sequence, which the model wants to know. */
            way = lane->way == BY_CALL ? BY_CALL : BY_MANY;
        }
        if (way == BY_MANY) {
            count = 1 + below(&caller->dice, left < 20 ? left : 20);
        }
        if (way == BY_ASYNC && chance(&caller->dice, 3)) {
            result = ask_and_cancel(lane, i);
        } else {
            result = lane_ask_by(lane, way, i, count);
        }
        if (result != 0) {
            CHECK_EQUAL(result, -EPIPE);
            return NULL;
        }
        i += count;
    }
    return NULL;
}

/* A caller's items are in its order. */
static void account(struct outcome *outcome, struct lane *lane, struct caller *callers, int count)
{
    for (int c = 0; c < count; c++) {
        uint64_t last = UINT64_MAX;
        for (int i = callers[c].first; i < callers[c].first + callers[c].count; i++) {
            struct item *item = &lane->items[i];
            if (!item->accepted) {
                continue;
            }
            if (item->given != UINT64_MAX) {
                CHECK(last == UINT64_MAX || last < item->given);
                last = item->given;
            }
            bool failed = atomic_load(&item->failures) != 0;
            outcome_add(outcome, item->given == UINT64_MAX && failed ? item->sequence : item->given, failed);
        }
    }
}

/* A loop may be just about to count an item that it took as production ended. Hangs where it never does. */
static void wait_for_loop(struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
    while (lane->consumer == LOOP && (uint64_t)atomic_load(&lane->delivered) < statistics.delivered) {
        sched_yield();
    }
}

static void fail_with_sequence(struct item *item)
{
    dawdle(item);
    item->code = item->code != 0 ? item_code(item->sequence) : 0;
}

static void disturb(struct lane *lane, struct dice *dice, int times)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    while (times-- > 0) {
        switch (below(dice, 6)) {
        case 0:
            oip_pause(lane->producer);
            break;
        case 1:
            CHECK_EQUAL(oip_pool_resize(lane->pool, 1 + (uint32_t)below(dice, 4)), 0);
            break;
        case 2:
            CHECK_EQUAL(oip_get_statistics(lane->producer, &statistics), 0);
            CHECK(statistics.delivered <= statistics.requested);
            break;
        default:
            oip_resume(lane->producer);
        }
        for (int i = below(dice, 50); i > 0; i--) {
            sched_yield();
        }
    }
    oip_resume(lane->producer);
}

static void round_of(int variant)
{
    static const size_t windows[] = {1, 2, 3, 5, 8, 16, 64, 1000};
    static const int failure_chances[] = {0, 0, 150, 9};
    struct dice dice = {test_seed() * 1000003u + (uint64_t)variant};
    enum consumer consumer = (enum consumer)below(&dice, CONSUMERS);
    enum ending ending = (enum ending)below(&dice, ENDINGS);
    if (ending == BY_RELEASE && (consumer == ATTACHED || consumer == LOOP)) {
        ending = BY_STOP_PRODUCING; /* their thread is another user of the handle */
    }
    bool starts = ending == BY_STOP || ending == BY_LEAVING || !chance(&dice, 6);
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = windows[below(&dice, 8)];
    options.width = chance(&dice, 2) ? 0 : (uint32_t)below(&dice, 4);
    options.on_failure = (enum oip_failure_policy)below(&dice, 3);
    options.wait = (enum oip_wait_strategy)(chance(&dice, 8) ? OIP_WAIT_SPIN : below(&dice, 2));
    options.no_assist = chance(&dice, 3);
    options.deadline_ns = chance(&dice, 3) ? 3600000000000 : 0; /* nobody is overtaken; deadline_test.c does that */
    int callers_count = 1 + below(&dice, CALLERS_MOST);
    struct caller callers[CALLERS_MOST];
    int total = 0;
    for (int i = 0; i < callers_count; i++) {
        callers[i] = (struct caller){.first = total, .count = below(&dice, ITEMS_MOST), .dice.state = draw(&dice)};
        total += callers[i].count;
    }
    struct lane *lane = lane_create(chance(&dice, 4) ? BY_CALL : BY_PRODUCE, consumer, total + 1,
                                    1 + (uint32_t)below(&dice, 4), &options);
    lane->elsewhere = pool_of(2);
    int fails = failure_chances[below(&dice, 4)];
    bool light = chance(&dice, 2); /* then cheap items are claimed several at once */
    for (int i = 0; i < total; i++) {
        lane->items[i].mood = light ? 3 : (unsigned)draw(&dice);
        lane->items[i].inside = lane->way == BY_CALL ? dawdle : fail_with_sequence;
        lane->items[i].code = fails != 0 && lane->way != BY_CALL && chance(&dice, fails);
    }
    leave_after = ending == BY_LEAVING ? below(&dice, total + 1) : -1;
    lane->on_delivery = leave;
    bool early = starts && chance(&dice, 2);
    if (early) {
        CHECK_EQUAL(lane_start(lane), 0);
    }
    for (int i = 0; i < callers_count; i++) {
        callers[i].lane = lane;
        CHECK_EQUAL(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    disturb(lane, &dice, below(&dice, 10));
    if (starts && !early) {
        int result = lane_start(lane);
        CHECK(result == 0 || (result == -EPIPE && options.on_failure == OIP_FAIL_FAST && fails != 0));
    }
    disturb(lane, &dice, below(&dice, 10));
    if (ending == BY_STOP_PRODUCING || ending == BY_RELEASE) {
        oip_stop_producing(lane->producer);
    } else if (ending == BY_STOP_WHILE_ASKED) {
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    }
    for (int i = 0; i < callers_count; i++) {
        CHECK_EQUAL(pthread_join(callers[i].thread, NULL), 0);
    }
    bool whole =
        (ending == BY_STOP || ending == BY_STOP_WHILE_ASKED) && lane->started && options.on_failure != OIP_FAIL_FAST;
    if (ending == BY_RELEASE) {
        oip_producer_release(lane->producer);
        lane->gone = true;
    } else {
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        wait_for_loop(lane);
        struct outcome outcome;
        outcome_begin(&outcome, options.on_failure, (uint64_t)lane->count);
        account(&outcome, lane, callers, callers_count);
        struct delivery delivery = {(uint64_t)atomic_load(&lane->delivered), lane->order, lane->consumer == SINK};
        check_order(&outcome, &delivery,
                    whole || (options.on_failure == OIP_FAIL_FAST && outcome.failures == 0 && ending == BY_STOP));
        check_statistics(&outcome, &delivery, lane->producer);
        check_failure(&outcome, &delivery, lane->producer, whole);
        outcome_end(&outcome);
    }
    if (options.width != 0) {
        CHECK(atomic_load(&lane->most_overlaps) <= (int)options.width + 2); /* two more finish elsewhere */
    }
    lane_end(lane);
}

static const char *round_name(int variant)
{
    static char name[24];
    snprintf(name, sizeof name, "%d", variant);
    return name;
}

int main(int count, char **arguments)
{
    const char *rounds = getenv("ROUNDS");
    const struct test tests[] = {
        {"round", round_of, rounds != NULL ? atoi(rounds) : DEFAULT_ROUNDS, round_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
