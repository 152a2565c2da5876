/* SPDX-License-Identifier: Apache-2.0 */
/* fork() at any moment and from any place: the child is refused what the parent made, and the parent goes on. */
#include "Support/lane.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VARIANTS = WAYS * CONSUMERS };

static void never_told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    (void)waiter, (void)result, (void)sequence;
    _exit(9);
}

/* In the child: what the parent made is refused, what the child makes works. Its exit status. */
static int be_a_child(struct lane *lane)
{
    alarm(60);
    uint64_t payload[2] = {0}, sequence;
    size_t accepted;
    struct oip_waiter waiter = {.done = never_told};
    struct oip_statistics statistics = {.size = sizeof statistics};
    oip_producer *producer = lane->producer;
    int results[] = {
        oip_produce(producer, payload, &sequence),
        oip_try_produce(producer, payload, &sequence),
        oip_produce_many(producer, payload, 1, &accepted),
        oip_produce_async(producer, payload, &sequence, &waiter),
        oip_cancel(producer, &waiter),
        oip_reserve(producer, &sequence),
        oip_reserve_async(producer, &sequence, &waiter),
        oip_next(producer, payload, &sequence),
        oip_try_next(producer, payload, &sequence),
        oip_attach(producer),
        oip_ready_queue_wait(lane->queue, -1),
        oip_stop(producer, NULL),
        oip_stop_async(producer, &waiter),
        oip_wait_async(producer, &waiter),
        oip_get_statistics(producer, &statistics),
        oip_pool_resize(lane->pool, 5),
        oip_pool_shutdown(lane->pool),
    };
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        CHECK_EQUAL(results[i], -ECHILD);
    }
    oip_pause(producer);
    oip_resume(producer);
    oip_finish(producer);
    oip_stop_producing(producer);
    oip_detach(producer);
    oip_complete(producer, 0, payload);
    oip_ready_queue_release(lane->queue);
    oip_producer_release(producer);
    oip_pool_release(lane->pool);
    struct lane *own = lane_create(lane->way, lane->consumer, 50, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(lane_start(own), 0);
    CHECK_EQUAL(lane_ask(own, 0, 50), 0);
    CHECK_EQUAL(oip_stop(own->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&own->delivered), 50);
    lane_end(own);
    return 0;
}

static atomic_long forks;

static void fork_here(struct lane *lane)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(be_a_child(lane));
    }
    CHECK(child > 0);
    int status;
    while (waitpid(child, &status, 0) != child) {
        CHECK_EQUAL(errno, EINTR);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        check_failed(__FILE__, __LINE__, "the child ended with status %x", (unsigned)status);
    }
    atomic_fetch_add(&forks, 1);
}

struct asking {
    struct lane *lane;
    int count;
};

static void *ask(void *argument)
{
    struct asking *asking = argument;
    CHECK_EQUAL(lane_ask(asking->lane, 0, asking->count), 0);
    return NULL;
}

/* From a thread beside, while a caller, the pool and the consumer are anywhere. */
static void fork_while_others_produce(int variant)
{
    enum { ITEMS = 3000, FORKS = 6 };
    struct lane *lane = lane_of_variant(variant, ITEMS, 3, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    struct asking asking = {lane, ITEMS};
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask, &asking), 0);
    for (int i = 0; i < FORKS; i++) {
        wait_for(&lane->arrivals); /* production is under way */
        fork_here(lane);
    }
    CHECK_EQUAL(pthread_join(caller, NULL), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), ITEMS); /* the parent has missed nothing */
    lane_end(lane);
    printf("count forks %ld\n", atomic_load(&forks));
}

static void fork_in_item(struct item *item)
{
    fork_here(item->lane);
}

static int fork_in_consumer(struct lane *lane, struct item *item)
{
    if (item->sequence == 5) {
        fork_here(lane);
    }
    return 0;
}

/* The child's only thread is one that was inside an item, or the consumer, of a producer it has no longer. */
static void fork_from_inside(int variant)
{
    enum { ITEMS = 40 };
    struct lane *lane = lane_of_variant(variant, ITEMS, 2, OPTIONS(.window = 4));
    lane->items[3].inside = fork_in_item;
    lane->items[20].inside = fork_in_item;
    lane->on_delivery = fork_in_consumer;
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, ITEMS), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), ITEMS);
    CHECK_EQUAL(atomic_load(&forks), 3);
    lane_end(lane);
    printf("count forks %ld\n", atomic_load(&forks));
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"fork while others produce", fork_while_others_produce, VARIANTS, lane_name},
        {"fork from inside", fork_from_inside, VARIANTS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
