/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cancellation of threads: the library's own threads are not cancelled, whoever asks for it, since a thread that ended
 * inside an item would leave everybody waiting. Nor is a thread that waits in a call for the pool: it would leave the
 * pool locked.
 */
#include "Support/lane.h"
#include "Support/threads.h"

#include <sched.h>
#include <unistd.h>

static void cancel_here(void)
{
    CHECK_EQUAL(pthread_cancel(pthread_self()), 0);
    pthread_testcancel();
}

static void cancel_in_item(struct item *item)
{
    (void)item;
    cancel_here();
}

static int cancel_on_delivery(struct lane *lane, struct item *item)
{
    (void)lane, (void)item;
    cancel_here();
    return 0;
}

static void the_librarys_threads_are_not_cancelled(int place)
{
    struct lane *lane = lane_create(BY_PRODUCE, place == 2 ? SINK : THREAD, 20, 2, OPTIONS(.no_assist = true));
    for (int i = 0; i < 20 && place == 0; i++) {
        lane->items[i].inside = cancel_in_item;
    }
    lane->on_delivery = place == 0 ? NULL : cancel_on_delivery;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 20), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 20);
    lane_end(lane);
}

static const char *place_name(int place)
{
    static const char *const names[] = {"in an item", "in a consumer thread", "in a sink"};
    return names[place];
}

static _Atomic pid_t waiter;
static atomic_bool returned;

static void *shut_down(void *pool)
{
    atomic_store(&waiter, gettid());
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    atomic_store(&returned, true);
    pthread_testcancel(); /* now */
    CHECK(!"the cancellation was forgotten");
    return NULL;
}

static void wait_in_pool(void *hold)
{
    wait_for(hold);
}

static void a_shutdown_is_not_cancelled_in_the_middle(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    sem_t hold;
    pthread_t thread;
    void *result;
    sem_init(&hold, 0, 0);
    CHECK_EQUAL(oip_pool_run(pool, wait_in_pool, &hold), 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, shut_down, pool), 0);
    WAIT_UNTIL(thread_is_asleep(atomic_load(&waiter)));
    CHECK_EQUAL(pthread_cancel(thread), 0);
    sem_post(&hold);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(atomic_load(&returned));
    oip_pool_release(pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the library's threads are not cancelled", the_librarys_threads_are_not_cancelled, 3, place_name},
        {"a shutdown is not cancelled in the middle", a_shutdown_is_not_cancelled_in_the_middle, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
