/* SPDX-License-Identifier: Apache-2.0 */
/* Asking from inside: an item or a consumer that waits for room which only it could make is refused, never stuck. */
#include "Support/lane.h"
#include "window.h"

#include <sched.h>

enum { VARIANTS = WAYS * CONSUMERS };

static sem_t inside_done;
static atomic_int last_result, not_accepted;

/* ---------------------------------------------------------------------------------------------- inside an item ---- */

static void ask_in_item(struct item *item)
{
    struct lane *lane = item->lane;
    int index = (int)(item - lane->items);
    if (2 * index + 2 < lane->count) {
        int result = lane_ask(lane, 2 * index + 1, 1);
        if (result == 0) {
            result = lane_ask(lane, 2 * index + 2, 1);
        }
        atomic_fetch_add(&not_accepted, result != 0);
    }
}

/* A tree: each item asks for two more, which fits into the window. */
static void items_ask_for_items(int variant)
{
    struct lane *lane = lane_of_variant(variant, 63, 2, OPTIONS(.window = 64));
    for (int i = 0; i < 63; i++) {
        lane->items[i].inside = ask_in_item;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    for (int i = 0; i < 63; i++) {
        wait_for(&lane->arrivals);
    }
    CHECK_EQUAL(atomic_load(&not_accepted), 0);
    lane_end(lane);
}

/* The same in a small window: it helps, and where that cannot make room it is refused; nothing hangs. */
static void items_ask_in_a_full_window(int variant)
{
    struct lane *lane = lane_of_variant(variant, 63, 2, OPTIONS(.window = 3));
    if (lane->way == BY_TRY || lane->way == BY_ASYNC || lane->way == BY_RESERVE) {
        lane_end(lane); /* these do not wait, or wait where the library does not see it */
        return;
    }
    for (int i = 0; i < 63; i++) {
        lane->items[i].inside = ask_in_item;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    int accepted = 0;
    for (int i = 0; i < 63; i++) {
        accepted += lane->items[i].accepted;
    }
    CHECK_EQUAL(atomic_load(&lane->delivered), accepted);
    lane_end(lane);
}

static void ask_for_the_one_two_later(struct item *item)
{
    CHECK_EQUAL(lane_ask(item->lane, (int)(item - item->lane->items) + 2, 1), 0);
}

static int waits_inside(oip_producer *producer)
{
    int count = 0;
    pthread_mutex_lock(&producer->lock);
    for (const struct waiter *waiter = producer->callers.first; waiter != NULL; waiter = waiter->next) {
        count++;
    }
    pthread_mutex_unlock(&producer->lock);
    return count;
}

/* Both wait for the first two, which make room for both. */
static void items_that_do_not_fill_the_window_wait_their_turn(int consumer)
{
    sem_t begun, hold;
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 6, 3, OPTIONS(.window = 4, .no_assist = true));
    lane_hold(lane, 0, 1, &begun, &hold);
    lane->items[2].inside = lane->items[3].inside = ask_for_the_one_two_later;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask_by(lane, BY_MANY, 0, 4), 0);
    wait_for(&begun);
    WAIT_UNTIL(waits_inside(lane->producer) == 2);
    sem_post(&hold);
    WAIT_UNTIL(atomic_load(&lane->delivered) == 6);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 6);
    lane_end(lane);
}

static void ask_for_one_more(struct item *item)
{
    atomic_store(&last_result, lane_ask(item->lane, 1, 1));
}

static void a_window_of_one_is_refused_inside_its_item(int way)
{
    struct lane *lane = lane_create((enum way)way, THREAD, 2, 1, OPTIONS(.window = 1));
    if (way == BY_TRY || way == BY_ASYNC || way == BY_RESERVE) {
        lane_end(lane);
        return;
    }
    lane->items[0].inside = ask_for_one_more;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&lane->arrivals);
    CHECK_EQUAL(atomic_load(&last_result), -EDEADLK);
    CHECK_EQUAL(atomic_load(&lane->items[1].begins), 0);
    lane_end(lane);
}

/* ----------------------------------------------------------------------------------------- inside the consumer ---- */

static int fill_on_delivery(struct lane *lane, struct item *item)
{
    if (item == &lane->items[0]) {
        int result = 0;
        for (int i = 1; i < lane->count && result == 0; i++) {
            result = lane->consumer == LOOP ? lane_try(lane, i) : lane_ask(lane, i, 1);
        }
        atomic_store(&last_result, result);
        sem_post(&inside_done);
    }
    return 0;
}

static void a_consumer_that_fills_its_own_window_is_refused(int variant)
{
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_of_variant(variant, 10, 2, OPTIONS(.window = 4));
    if (lane->way == BY_TRY || lane->way == BY_ASYNC) {
        lane_end(lane);
        return;
    }
    lane->on_delivery = fill_on_delivery;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&inside_done);
    CHECK_EQUAL(atomic_load(&last_result), lane->consumer == LOOP ? -EAGAIN : -EDEADLK);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    int room = lane->consumer == SINK ? 3 : 4; /* the sink's item is in its slot during the call */
    CHECK_EQUAL(atomic_load(&lane->delivered), 1 + room);
    lane_end(lane);
}

/* ----------------------------------------------------------------------------------- other producers, the pool ---- */

static struct lane *other;

/* Gives the other lane a producer on this pool. What it had, to be put back before its end. */
static oip_pool *move_other(oip_pool *pool, size_t window)
{
    oip_pool *unused = other->pool;
    oip_producer_release(other->producer);
    wait_for(&other->released);
    other->pool = pool;
    lane_new_producer(other, OPTIONS(.no_assist = true, .window = window));
    return unused;
}

static void stop_other_in_item(struct item *item)
{
    (void)item;
    CHECK_EQUAL(lane_ask(other, 0, 20), 0);
    CHECK_EQUAL(oip_stop(other->producer, NULL), 0);
    sem_post(&inside_done);
}

/* On a pool of one thread, which is the one that waits: it must run the other's items itself. */
static void an_item_may_stop_another_producer(int variant)
{
    enum way way = (enum way)(variant / CONSUMERS);
    if (way == BY_TRY || way == BY_ASYNC) {
        return; /* the item would wait for its own thread by its own means */
    }
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, OPTIONS(.no_assist = true));
    other = lane_of_variant(variant, 20, 1, OPTIONS(.no_assist = true, .window = 4));
    oip_pool *unused = move_other(lane->pool, 4);
    lane->items[0].inside = stop_other_in_item;
    CHECK_EQUAL(lane_start(other), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&inside_done);
    CHECK_EQUAL(atomic_load(&other->delivered), 20);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    other->pool = unused;
    lane_end(other);
    lane_end(lane);
}

static void ask_other_in_item(struct item *item)
{
    (void)item;
    sem_post(&inside_done);
    CHECK_EQUAL(lane_ask(other, 2, 1), 0);
}

static void *ask_before(void *argument)
{
    (void)argument;
    CHECK_EQUAL(lane_ask(other, 1, 1), 0);
    return NULL;
}

/* Room goes to a caller that waits ahead of a pool's only thread: this thread must run its item. */
static void a_waiting_pool_thread_goes_on_helping(int consumer)
{
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, OPTIONS(.no_assist = true));
    other = lane_create(BY_PRODUCE, (enum consumer)consumer, 3, 1, OPTIONS(.no_assist = true, .window = 1));
    oip_pool *unused = move_other(lane->pool, 1);
    CHECK_EQUAL(lane_ask(other, 0, 1), 0);
    pthread_t ahead;
    CHECK_EQUAL(pthread_create(&ahead, NULL, ask_before, NULL), 0);
    WAIT_UNTIL(lane_finished_waiting(other) == 1);
    lane->items[0].inside = ask_other_in_item;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    wait_for(&inside_done);
    CHECK_EQUAL(lane_start(other), 0);
    CHECK_EQUAL(pthread_join(ahead, NULL), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(oip_stop(other->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&other->delivered), 3);
    other->pool = unused;
    lane_end(other);
    lane_end(lane);
}

static void *ask_for_nine(void *argument)
{
    CHECK_EQUAL(lane_ask(argument, 0, 9), 0);
    return NULL;
}

static void ask_for_the_tenth(struct item *item)
{
    atomic_store(&last_result, lane_ask(item->lane, 9, 1));
}

static void hold_pool_thread(void *semaphore)
{
    wait_for(semaphore);
}

/*
 * The caller that waits for room helps: it is inside item 1, which asks as well. Items 2 to 7 are claimable, but for
 * nobody, since item 1 takes up the width. So the one freed slot must be granted at once, though it is less than a
 * quarter of the window: only then is the wait inside item 1 known to be hopeless.
 */
static void a_helping_caller_waits_inside_an_item(int variant)
{
    (void)variant;
    sem_init(&inside_done, 0, 0);
    struct lane *lane = lane_create(BY_PRODUCE, LOOP, 10, 1, OPTIONS(.window = 8, .width = 1));
    lane->items[1].inside = ask_for_the_tenth;
    CHECK_EQUAL(oip_pool_run(lane->pool, hold_pool_thread, &inside_done), 0);
    CHECK_EQUAL(lane_start(lane), 0);
    oip_pause(lane->producer);
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_for_nine, lane), 0);
    WAIT_UNTIL(atomic_load(&lane->items[1].begins) == 1);
    WAIT_UNTIL(atomic_load(&lane->producer->callers_wait) >= CALLERS_EAGER); /* it sleeps, or is about to */
    oip_resume(lane->producer);
    CHECK_EQUAL(pthread_join(caller, NULL), 0);
    CHECK_EQUAL(atomic_load(&last_result), -EDEADLK);
    sem_post(&inside_done);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 9);
    lane_end(lane);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"items ask for items", items_ask_for_items, VARIANTS, lane_name},
        {"items ask in a full window", items_ask_in_a_full_window, VARIANTS, lane_name},
        {"items that do not fill the window wait their turn", items_that_do_not_fill_the_window_wait_their_turn,
         CONSUMERS, consumer_name},
        {"a window of one, inside its item", a_window_of_one_is_refused_inside_its_item, WAYS, way_name},
        {"a consumer that fills its window", a_consumer_that_fills_its_own_window_is_refused, VARIANTS, lane_name},
        {"an item may stop another producer", an_item_may_stop_another_producer, VARIANTS, lane_name},
        {"a waiting pool thread goes on helping", a_waiting_pool_thread_goes_on_helping, CONSUMERS, consumer_name},
        {"a helping caller waits inside an item", a_helping_caller_waits_inside_an_item, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
