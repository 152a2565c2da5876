/* SPDX-License-Identifier: Apache-2.0 */
/* Producers with `no_assist`: an item may wait for what its caller does after its next request, so that is let in. */
#include "Support/lane.h"
#include "window.h"

#include <sched.h>

enum { VARIANTS = WAYS * CONSUMERS, WINDOW = 8 };

struct caller {
    struct lane *lane;
    sem_t second_may_end;
    pthread_t thread;
    int result;
};

static void *ask_for_one_more_than_fit(void *argument)
{
    struct caller *caller = argument;
    caller->result = lane_ask(caller->lane, 0, WINDOW + 1);
    sem_post(&caller->second_may_end);
    return NULL;
}

/*
 * The pool's only thread is inside the second item, which waits for the caller, who waits for room. Once the first is
 * delivered there is some: less than a quarter of the window, and the items behind are claimable, but for nobody.
 */
static void one_freed_slot_is_enough(int variant)
{
    struct caller caller = {.lane =
                                lane_of_variant(variant, WINDOW + 1, 1, OPTIONS(.window = WINDOW, .no_assist = true))};
    struct lane *lane = caller.lane;
    if (lane->way == BY_TRY || lane->way == BY_RESERVE) {
        lane_end(lane); /* these do not wait, or run no items on the pool */
        return;
    }
    sem_t first_begun, first_may_end;
    lane_hold(lane, 0, 1, &first_begun, &first_may_end);
    CHECK_EQUAL(sem_init(&caller.second_may_end, 0, 0), 0);
    lane->items[1].hold = &caller.second_may_end;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(pthread_create(&caller.thread, NULL, ask_for_one_more_than_fit, &caller), 0);
    wait_for(&first_begun);
    WAIT_UNTIL(atomic_load(&lane->producer->callers_wait) >= CALLERS_EAGER);
    sem_post(&first_may_end);
    CHECK_EQUAL(pthread_join(caller.thread, NULL), 0);
    CHECK_EQUAL(caller.result, 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, WINDOW + 1);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"one freed slot is enough", one_freed_slot_is_enough, VARIANTS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
