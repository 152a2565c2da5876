/* SPDX-License-Identifier: Apache-2.0 */
/* Little room: one processor, many threads, small stacks. And items that do what they like. */
#include "injection.h"

#include "Support/lane.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VARIANTS = WAYS * CONSUMERS };

static void run_to_the_end(struct lane *lane)
{
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, lane->count), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), lane->count);
    lane_end(lane);
    expect_nothing_left();
}

/* ------------------------------------------------------------------------------------------------- little room ---- */

static void use_one_processor(void)
{
    cpu_set_t allowed, one;
    CHECK_EQUAL(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    int first = 0;
    while (!CPU_ISSET(first, &allowed)) {
        first++;
    }
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    CHECK_EQUAL(sched_setaffinity(0, sizeof one, &one), 0);
}

static void one_processor_is_enough(int variant)
{
    use_one_processor(); /* all threads to come inherit it */
    for (int strategy = OIP_WAIT_ADAPTIVE; strategy <= OIP_WAIT_SPIN; strategy++) {
        run_to_the_end(
            lane_of_variant(variant, 400, 2, OPTIONS(.window = 8, .wait = (enum oip_wait_strategy)strategy)));
    }
}

/* The pool counts on more processors than there are from then on. */
static void processors_go_away(int variant)
{
    struct lane *lane = lane_of_variant(variant, 400, 2, OPTIONS(.window = 8));
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 200), 0);
    use_one_processor(); /* this thread; another one is the consumer's */
    CHECK_EQUAL(oip_pool_resize(lane->pool, 4), 0);
    CHECK_EQUAL(lane_ask(lane, 200, 200), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 400);
    lane_end(lane);
    expect_nothing_left();
}

static void there_may_be_256_threads(int variant)
{
    run_to_the_end(lane_of_variant(variant, 3000, 256, OPTIONS(.window = 512)));
}

static void no_thread_has_more_than_64_kib(int variant)
{
    enum { STACK = 64 * 1024 };
    pthread_attr_t attributes;
    CHECK_EQUAL(pthread_attr_init(&attributes), 0);
    CHECK_EQUAL(pthread_attr_setstacksize(&attributes, STACK), 0);
    CHECK_EQUAL(pthread_setattr_default_np(&attributes), 0); /* the pool's, the consumer's, the test's own */
    pthread_attr_destroy(&attributes);
    run_to_the_end(lane_of_variant(variant, 2000, 4, OPTIONS(.window = 16)));
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = 2;
    options.stack_size = STACK;
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, &options), 0);
    pool_end(pool);
}

/* ------------------------------------------------------------------------------------------ items as they come ---- */

static void wait_for_later_items(struct item *item)
{
    struct lane *lane = item->lane;
    for (int i = 1; i < 12; i++) {
        WAIT_UNTIL(atomic_load(&lane->items[i].ends) == 1);
    }
}

/* The first item goes on until eleven later ones are through: as long as it takes. */
static void an_item_may_block(int variant)
{
    struct lane *lane = lane_of_variant(variant, 300, 3, OPTIONS(.window = 16, .no_assist = true));
    lane->items[0].inside = wait_for_later_items;
    run_to_the_end(lane);
}

static void every_other_item_may_fail(int variant)
{
    struct lane *lane = lane_of_variant(variant, 600, 3, OPTIONS(.window = 16, .on_failure = OIP_SKIP));
    for (int i = 0; i < 600; i += 2) {
        lane->items[i].code = -1 - i; /* negative as well as positive */
        lane->items[i].code *= i % 4 == 0 ? 1 : -1;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 600), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 300);
    lane_end(lane);
    expect_nothing_left();
}

/* -------------------------------------------------------------------------------------------------- exit hooks ---- */

static struct lane *exiting;
static atomic_int hooks_run;
static _Thread_local bool in_reserved_item;

/* What a program's clean-up may do: end everything. It is refused, or done; it does not hang. */
static void end_production(void)
{
    oip_stop_producing(exiting->producer);
    if (!in_reserved_item) { /* whoever reserved it has to finish it: the library cannot know that this thread should */
        int stopped = oip_stop(exiting->producer, NULL);
        CHECK(stopped == 0 || stopped == -EDEADLK);
        int shut = stopped == 0 ? oip_pool_shutdown(exiting->pool) : -EDEADLK;
        CHECK(shut == 0 || shut == -EDEADLK);
    }
    atomic_fetch_add(&hooks_run, 1);
}

static void check_hooks(void)
{
    if (atomic_load(&hooks_run) != 1) {
        _exit(1);
    }
}

static void register_in_item(struct item *item)
{
    (void)item;
    CHECK_EQUAL(atexit(check_hooks), 0); /* runs last */
    CHECK_EQUAL(atexit(end_production), 0);
}

enum { STATUS = 7 };

static void exit_in_item(struct item *item)
{
    in_reserved_item = item->lane->way == BY_RESERVE;
    exit(STATUS);
}

static int exit_in_consumer(struct lane *lane, struct item *item)
{
    (void)lane;
    if (item->sequence == 60) {
        exit(STATUS);
    }
    return 0;
}

enum where { FROM_MAIN, FROM_ITEM, FROM_CONSUMER, PLACES };

static const char *place_name(int variant)
{
    static const char *const names[PLACES] = {"main", "an item", "the consumer"};
    static char name[60];
    snprintf(name, sizeof name, "%s, from %s", lane_name(variant / PLACES), names[variant % PLACES]);
    return name;
}

static void ask_until_the_end(struct lane *lane)
{
    for (int i = 10; i < lane->count && lane_ask(lane, i, 1) == 0; i++) {
    }
}

static void *keep_asking(void *argument)
{
    ask_until_the_end(argument);
    return NULL;
}

static void exit_in_the_middle(int variant)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        enum where where = (enum where)(variant % PLACES);
        exiting = lane_of_variant(variant / PLACES, 100000, 3, OPTIONS(.window = 8));
        exiting->items[3].inside = register_in_item;
        if (where == FROM_ITEM) {
            exiting->items[50].inside = exit_in_item;
        } else if (where == FROM_CONSUMER) {
            exiting->on_delivery = exit_in_consumer;
        }
        CHECK_EQUAL(lane_start(exiting), 0);
        CHECK_EQUAL(lane_ask(exiting, 0, 10), 0);
        wait_for(&exiting->arrivals);
        WAIT_UNTIL(atomic_load(&exiting->items[3].ends) == 1);
        pthread_t caller;
        CHECK_EQUAL(pthread_create(&caller, NULL, keep_asking, exiting), 0);
        if (where == FROM_MAIN) {
            wait_for(&exiting->arrivals);
            exit(STATUS);
        }
        pthread_join(caller, NULL);
        for (;;) {
            pause(); /* whoever exits ends this */
        }
    }
    CHECK(child > 0);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), STATUS);
}

/* ------------------------------------------------------------------------------------------- thread exit hooks ---- */

static pthread_key_t key;
static struct lane *told_at_exit;
static atomic_int told_count, marked_count;

/* A destructor of a thread's own data, after the library has done with the thread: production elsewhere goes on. */
static void produce_at_thread_exit(void *value)
{
    (void)value;
    int index = atomic_fetch_add(&told_count, 1);
    CHECK_EQUAL(lane_ask_by(told_at_exit, BY_PRODUCE, index, 1), 0);
}

static void mark_thread(struct item *item)
{
    if (pthread_getspecific(key) == NULL) {
        atomic_fetch_add(&marked_count, 1);
        CHECK_EQUAL(pthread_setspecific(key, item), 0);
    }
}

static void threads_may_produce_as_they_exit(int consumer)
{
    CHECK_EQUAL(pthread_key_create(&key, produce_at_thread_exit), 0);
    told_at_exit = lane_create(BY_PRODUCE, (enum consumer)consumer, 64, 2, OPTIONS(.window = 1));
    CHECK_EQUAL(lane_start(told_at_exit), 0);
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 500, 8, OPTIONS(.no_assist = true));
    for (int i = 0; i < 500; i++) {
        lane->items[i].inside = mark_thread;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 500), 0);
    lane_end(lane);
    CHECK(atomic_load(&marked_count) > 0);
    CHECK_EQUAL(atomic_load(&told_count), atomic_load(&marked_count)); /* the threads were joined */
    CHECK_EQUAL(oip_stop(told_at_exit->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&told_at_exit->delivered), atomic_load(&told_count));
    lane_end(told_at_exit);
    expect_nothing_left();
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"one processor is enough", one_processor_is_enough, VARIANTS, lane_name},
        {"processors go away", processors_go_away, VARIANTS, lane_name},
        {"there may be 256 threads", there_may_be_256_threads, VARIANTS, lane_name},
        {"no thread has more than 64 KiB", no_thread_has_more_than_64_kib, VARIANTS, lane_name},
        {"an item may block", an_item_may_block, VARIANTS, lane_name},
        {"every other item may fail", every_other_item_may_fail, VARIANTS, lane_name},
        {"exit in the middle", exit_in_the_middle, VARIANTS * PLACES, place_name},
        {"threads may produce as they exit", threads_may_produce_as_they_exit, CONSUMERS, consumer_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
