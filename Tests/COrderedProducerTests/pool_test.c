/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: its threads as the system sees them, and resizing. */
#include "Support/lane.h"
#include "Support/threads.h"
#include "pool.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static oip_pool *pool_with(struct oip_pool_options options)
{
    options.size = sizeof options;
    oip_pool *pool = NULL;
    CHECK_EQUAL(oip_pool_create(&pool, &options), 0);
    return pool;
}

/* ----------------------------------------------------------------------------------------------------- threads ---- */

static void threads_have_names_that_the_system_shows(int variant)
{
    (void)variant;
    oip_pool *pool = pool_with((struct oip_pool_options){.threads = 3, .name = "pencil"});
    CHECK_EQUAL(oip_pool_threads(pool), 3);
    WAIT_UNTIL(threads_named("pencil-1") == 1 && threads_named("pencil-2") == 1 && threads_named("pencil-3") == 1);
    pool_end(pool);
    WAIT_UNTIL(library_threads() == 0);
    pool = pool_with((struct oip_pool_options){.threads = 12, .name = "a-name-longer-than-the-kernel-shows"});
    WAIT_UNTIL(threads_named("a-name-longer-1") == 1 && threads_named("a-name-longe-12") == 1);
    pool_end(pool);
    pool = pool_with((struct oip_pool_options){.threads = 1});
    WAIT_UNTIL(threads_named("oip-1") == 1);
    pool_end(pool);
}

static void the_consumer_thread_has_a_name(int variant)
{
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, OPTIONS(.name = variant == 0 ? "reader" : NULL));
    CHECK_EQUAL(lane_start(lane), 0);
    WAIT_UNTIL(threads_named(variant == 0 ? "reader" : "oip-consumer") == 1);
    lane_end(lane);
}

static const char *named_or_not(int variant)
{
    return variant == 0 ? "given" : "default";
}

struct seen {
    sigset_t mask;
    cpu_set_t cpus;
    size_t stack;
    sem_t done;
};

static void look_around(void *argument)
{
    struct seen *seen = argument;
    pthread_sigmask(SIG_BLOCK, NULL, &seen->mask);
    sched_getaffinity(0, sizeof seen->cpus, &seen->cpus);
    pthread_attr_t attributes;
    CHECK_EQUAL(pthread_getattr_np(pthread_self(), &attributes), 0);
    pthread_attr_getstacksize(&attributes, &seen->stack);
    pthread_attr_destroy(&attributes);
    sem_post(&seen->done);
}

static void threads_are_made_as_the_options_say(int variant)
{
    (void)variant;
    cpu_set_t allowed;
    CHECK_EQUAL(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    uint32_t cpu = 0;
    while (!CPU_ISSET(cpu, &allowed)) {
        cpu++;
    }
    oip_pool *pool =
        pool_with((struct oip_pool_options){.threads = 1, .stack_size = 1 << 20, .cpus = &cpu, .cpu_count = 1});
    struct seen seen;
    sem_init(&seen.done, 0, 0);
    CHECK_EQUAL(oip_pool_run(pool, look_around, &seen), 0);
    wait_for(&seen.done);
    static const int of_the_thread_itself[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof of_the_thread_itself / sizeof *of_the_thread_itself; i++) {
        CHECK_EQUAL(sigismember(&seen.mask, of_the_thread_itself[i]), 0);
        sigaddset(&seen.mask, of_the_thread_itself[i]);
    }
    for (int number = 1; number <= 31; number++) {
        if (number != SIGKILL && number != SIGSTOP) {
            CHECK_EQUAL(sigismember(&seen.mask, number), 1);
        }
    }
    CHECK_EQUAL(CPU_COUNT(&seen.cpus), 1);
    CHECK(CPU_ISSET(cpu, &seen.cpus));
    CHECK(seen.stack >= 1 << 20 && seen.stack < 4 << 20);
    pool_end(pool);
    sigset_t mine; /* as it was */
    pthread_sigmask(SIG_BLOCK, NULL, &mine);
    CHECK_EQUAL(sigismember(&mine, SIGUSR1), 0);
}

struct look {
    sem_t arrived, go, done;
    const cpu_set_t *expected; /* by the thread's number */
    int count;
};

static void look_where_it_runs(void *argument)
{
    struct look *look = argument;
    char name[16];
    CHECK_EQUAL(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    int number = atoi(strrchr(name, '-') + 1);
    cpu_set_t mine;
    CHECK_EQUAL(sched_getaffinity(0, sizeof mine, &mine), 0);
    CHECK(CPU_EQUAL(&mine, &look->expected[(number - 1) % look->count]));
    sem_post(&look->arrived);
    wait_for(&look->go); /* so that each thread gets one */
    sem_post(&look->done);
}

static void threads_are_bound_in_turn(int variant)
{
    (void)variant;
    enum { THREADS = 5, MOST = 2 };
    cpu_set_t allowed, expected[MOST];
    CHECK_EQUAL(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    uint32_t cpus[MOST];
    int count = 0;
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE && count < MOST; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            CPU_ZERO(&expected[count]);
            CPU_SET(cpu, &expected[count]);
            cpus[count++] = cpu;
        }
    }
    oip_pool *pool = pool_with((struct oip_pool_options){.threads = THREADS, .cpus = cpus, .cpu_count = (size_t)count});
    memset(cpus, 0xff, sizeof cpus); /* it has a copy */
    struct look look = {.expected = expected, .count = count};
    sem_init(&look.arrived, 0, 0);
    sem_init(&look.go, 0, 0);
    sem_init(&look.done, 0, 0);
    CHECK_EQUAL(oip_pool_resize(pool, THREADS + 2), 0); /* those that come later, too */
    for (int i = 0; i < THREADS + 2; i++) {
        CHECK_EQUAL(oip_pool_run(pool, look_where_it_runs, &look), 0);
    }
    for (int i = 0; i < THREADS + 2; i++) {
        wait_for(&look.arrived);
    }
    post_many(&look.go, THREADS + 2);
    for (int i = 0; i < THREADS + 2; i++) {
        wait_for(&look.done);
    }
    pool_end(pool);
}

static void an_older_program_gives_what_it_knows(int variant)
{
    (void)variant;
    uint32_t absent = 1023;
    struct oip_pool_options options = {.size = offsetof(struct oip_pool_options, cpu_count), .threads = 2};
    options.cpus = &absent;
    options.cpu_count = 1; /* beyond what it says it has */
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, &options), 0);
    CHECK_EQUAL(oip_pool_threads(pool), 2);
    pool_end(pool);
}

static void a_pool_has_as_many_threads_as_processors(int variant)
{
    (void)variant;
    oip_pool *pool = NULL;
    CHECK_EQUAL(oip_pool_create(&pool, NULL), 0);
    CHECK_EQUAL(oip_pool_threads(pool), oip_processors());
    pool_end(pool);
}

static void bad_options_are_named(int variant)
{
    (void)variant;
    static const uint32_t cpus[] = {0, 1 << 20}, absent[] = {1023}, behind[] = {CPU_SETSIZE};
    const struct {
        struct oip_pool_options options;
        int result;
        const char *names;
    } cases[] = {
        {{.size = 3}, -EINVAL, "size"},
        {{.threads = OIP_MAX_THREADS + 1}, -EINVAL, "threads is 4001"},
        {{.threads = 1, .cpus = cpus, .cpu_count = 2}, -EINVAL, "1048576"},
        {{.threads = 1, .cpus = behind, .cpu_count = 1}, -EINVAL, "1024"},
        {{.threads = 1, .stack_size = 5}, -EINVAL, "pthread_attr_setstacksize"},
        {{.threads = 2, .cpus = absent, .cpu_count = 1}, -EINVAL, "pthread_create"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oip_pool_options options = cases[i].options;
        options.size = options.size != 0 ? options.size : sizeof options;
        oip_pool *pool = (oip_pool *)&options;
        CHECK_EQUAL(oip_pool_create(&pool, &options), cases[i].result);
        CHECK(pool == (oip_pool *)&options); /* untouched */
        if (strstr(oip_error_detail(), cases[i].names) == NULL) {
            check_failed(__FILE__, __LINE__, "\"%s\" does not name %s", oip_error_detail(), cases[i].names);
        }
        WAIT_UNTIL(library_threads() == 0);
    }
    CHECK_EQUAL(oip_pool_create(NULL, NULL), -EINVAL);
}

/* The address space of no process holds this stack. */
static void a_thread_that_cannot_be_made_leaves_nothing_behind(int variant)
{
    (void)variant;
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = 2;
    options.stack_size = (size_t)1 << 50;
    oip_pool *pool = NULL;
    int result = oip_pool_create(&pool, &options);
    CHECK(result == -EAGAIN || result == -ENOMEM || result == -EINVAL);
    CHECK(strstr(oip_error_detail(), "pthread_create") != NULL);
    CHECK(pool == NULL);
    WAIT_UNTIL(library_threads() == 0);
}

/* ---------------------------------------------------------------------------------------------------- resizing ---- */

static void resizing_makes_and_ends_threads(int variant)
{
    (void)variant;
    oip_pool *pool = pool_with((struct oip_pool_options){.threads = 2, .name = "size"});
    static const uint32_t sizes[] = {5, 1, 3, 3, 8, 2};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_EQUAL(oip_pool_resize(pool, sizes[i]), 0);
        CHECK_EQUAL(oip_pool_threads(pool), sizes[i]);
        WAIT_UNTIL(library_threads() == (int)sizes[i]);
    }
    CHECK_EQUAL(oip_pool_resize(pool, 0), -EINVAL);
    CHECK_EQUAL(oip_pool_resize(pool, OIP_MAX_THREADS + 1), -EINVAL);
    CHECK_EQUAL(oip_pool_threads(pool), 2);
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    CHECK_EQUAL(oip_pool_threads(pool), 0);
    oip_pool_release(pool);
    WAIT_UNTIL(library_threads() == 0);
}

/* Items that need one another: more threads must come while all others are inside items. */
static void more_threads_come_while_all_are_busy(int variant)
{
    (void)variant;
    enum { ITEMS = 6 };
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, ITEMS, 1, OPTIONS(.no_assist = true));
    sem_t begun, hold;
    lane_hold(lane, 0, ITEMS, &begun, &hold);
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, ITEMS), 0);
    wait_for(&begun);
    CHECK_EQUAL(oip_pool_resize(lane->pool, ITEMS), 0);
    for (int i = 1; i < ITEMS; i++) {
        wait_for(&begun);
    }
    CHECK_EQUAL(atomic_load(&lane->overlaps), ITEMS);
    CHECK_EQUAL(oip_pool_resize(lane->pool, 1), 0); /* running items are not disturbed */
    post_many(&hold, ITEMS);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), ITEMS);
    lane_end(lane);
}

/* Threads that were to leave, and are inside items, stay where they are wanted again; none comes for them. */
static void threads_that_were_to_leave_stay(int variant)
{
    (void)variant;
    enum { THREADS = 4 };
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 2 * THREADS, THREADS, OPTIONS(.window = 16, .no_assist = true));
    sem_t begun, hold;
    lane_hold(lane, 0, 2 * THREADS, &begun, &hold);
    CHECK_EQUAL(lane_ask(lane, 0, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        wait_for(&begun);
    }
    static const uint32_t sizes[] = {1, 3, 2, THREADS};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_EQUAL(oip_pool_resize(lane->pool, sizes[i]), 0);
        CHECK_EQUAL(oip_pool_threads(lane->pool), sizes[i]);
        CHECK_EQUAL(library_threads(), THREADS);
    }
    post_many(&hold, THREADS);
    WAIT_UNTIL(lane_finished_waiting(lane) == THREADS);
    CHECK_EQUAL(lane_ask(lane, THREADS, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        wait_for(&begun); /* all of them at once */
    }
    CHECK_EQUAL(atomic_load(&lane->overlaps), THREADS);
    CHECK_EQUAL(library_threads(), THREADS);
    post_many(&hold, THREADS);
    lane_end(lane);
}

/* Threads that have left are joined, and their places used again, for as long as the pool is there. */
static void places_of_threads_are_used_again(int variant)
{
    (void)variant;
    oip_pool *pool = pool_with((struct oip_pool_options){.threads = 1, .name = "tide"});
    for (int round = 0; round < 50; round++) {
        CHECK_EQUAL(oip_pool_resize(pool, 4), 0);
        WAIT_UNTIL(threads_named("tide-1") + threads_named("tide-2") + threads_named("tide-3") +
                           threads_named("tide-4") ==
                       4 &&
                   library_threads() == 4); /* and none with another number */
        CHECK_EQUAL(oip_pool_resize(pool, 1), 0);
        WAIT_UNTIL(library_threads() == 1);
    }
    pool_end(pool);
    WAIT_UNTIL(library_threads() == 0);
}

static int make_nothing(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static void *take_all(oip_producer *producer, void *argument)
{
    uint64_t payload;
    while (oip_next(producer, &payload, NULL) == 1) {
    }
    return argument;
}

static void *start_and_stop(void *pool)
{
    enum { ROUNDS = 50 };
    for (int round = 0; round < ROUNDS; round++) {
        oip_producer *producer;
        uint64_t payload = 0;
        CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = make_nothing)), 0);
        CHECK_EQUAL(oip_start(producer, take_all, NULL), 0);
        CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
        CHECK_EQUAL(oip_stop(producer, NULL), 0);
        oip_producer_release(producer);
    }
    return NULL;
}

/* A pool keeps count of their consumers' threads. */
static void producers_are_started_from_several_threads(int variant)
{
    (void)variant;
    pthread_t threads[4];
    oip_pool *pool = pool_of(2);
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, start_and_stop, pool), 0);
    }
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    pool_end(pool); /* waits for them */
    WAIT_UNTIL(library_threads() == 0);
}

/* Bytes that are mapped, used or not. */
static size_t address_space(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%zu", &pages) == 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Nobody joins those that have left, each with its stack, once the handle is gone. */
static void the_handle_takes_with_it_threads_that_have_left(int variant)
{
    (void)variant;
    enum { ROUNDS = 100 };
    const size_t stack = 64 << 20; /* more than is kept for later threads */
    size_t least = SIZE_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        oip_pool *pool = pool_with((struct oip_pool_options){.threads = 2, .stack_size = stack});
        CHECK_EQUAL(oip_pool_resize(pool, 1), 0);
        WAIT_UNTIL(library_threads() == 1);
        oip_pool_release(pool);
        WAIT_UNTIL(library_threads() == 0);
        size_t now = address_space();
        least = now < least ? now : least;
        CHECK(now - least < ROUNDS / 2 * stack);
    }
}

static void *resize_for_ever(void *argument)
{
    struct lane *lane = argument;
    uint32_t threads = 1;
    while (atomic_load(&lane->delivered) < lane->count) {
        CHECK_EQUAL(oip_pool_resize(lane->pool, threads), 0);
        threads = threads % 5 + 1;
    }
    return NULL;
}

static void resizing_loses_no_item(int consumer)
{
    struct lane *lane = lane_create(BY_PRODUCE, (enum consumer)consumer, 3000, 1, OPTIONS(.window = 32));
    CHECK_EQUAL(lane_start(lane), 0);
    pthread_t resizer;
    CHECK_EQUAL(pthread_create(&resizer, NULL, resize_for_ever, lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 3000), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    CHECK_EQUAL(pthread_join(resizer, NULL), 0);
    CHECK_EQUAL(atomic_load(&lane->delivered), 3000);
    lane_end(lane);
}

static oip_pool *pool_of_the_most_threads(void)
{
    return pool_with((struct oip_pool_options){.threads = OIP_MAX_THREADS, .stack_size = 32 << 10});
}

/* Every place of a thread is within the array, and free again in the end: whoever had it was joined. */
static void end_with_all_places_free(oip_pool *pool)
{
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    for (uint32_t place = 0; place < OIP_MAX_THREADS; place++) {
        CHECK(pool->workers[place] == NULL || pool->workers[place]->state == WORKER_NONE);
        CHECK(pool->workers[place] == NULL || pool->workers[place]->index == place);
    }
    oip_pool_release(pool);
}

/* Those who leave are on their way out while the new ones come, and still have their places. */
static void growing_takes_no_place_of_a_thread_that_is_leaving(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of_the_most_threads();
    for (int round = 0; round < 5; round++) {
        CHECK_EQUAL(oip_pool_resize(pool, 1), 0);
        if (round % 2 == 0) {
            WAIT_UNTIL(atomic_load(&pool->leaving) < OIP_MAX_THREADS / 2); /* some are under way */
        }
        CHECK_EQUAL(oip_pool_resize(pool, OIP_MAX_THREADS), 0);
        CHECK_EQUAL(oip_pool_threads(pool), OIP_MAX_THREADS);
    }
    end_with_all_places_free(pool);
}

static void *resize_between_the_extremes(void *argument)
{
    for (int round = 0; round < 4; round++) {
        CHECK_EQUAL(oip_pool_resize(argument, 1), 0);
        CHECK_EQUAL(oip_pool_resize(argument, OIP_MAX_THREADS), 0);
    }
    return NULL;
}

static void resizing_from_two_threads_takes_no_place_twice(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of_the_most_threads();
    pthread_t other;
    CHECK_EQUAL(pthread_create(&other, NULL, resize_between_the_extremes, pool), 0);
    resize_between_the_extremes(pool);
    CHECK_EQUAL(pthread_join(other, NULL), 0);
    CHECK_EQUAL(oip_pool_threads(pool), OIP_MAX_THREADS);
    end_with_all_places_free(pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"threads have names that the system shows", threads_have_names_that_the_system_shows, 0, NULL},
        {"the consumer thread has a name", the_consumer_thread_has_a_name, 2, named_or_not},
        {"threads are made as the options say", threads_are_made_as_the_options_say, 0, NULL},
        {"threads are bound in turn", threads_are_bound_in_turn, 0, NULL},
        {"an older program gives what it knows", an_older_program_gives_what_it_knows, 0, NULL},
        {"a pool has as many threads as processors", a_pool_has_as_many_threads_as_processors, 0, NULL},
        {"bad options are named", bad_options_are_named, 0, NULL},
        {"a thread that cannot be made", a_thread_that_cannot_be_made_leaves_nothing_behind, 0, NULL},
        {"resizing makes and ends threads", resizing_makes_and_ends_threads, 0, NULL},
        {"more threads come while all are busy", more_threads_come_while_all_are_busy, 0, NULL},
        {"threads that were to leave stay", threads_that_were_to_leave_stay, 0, NULL},
        {"producers are started from several threads", producers_are_started_from_several_threads, 0, NULL},
        {"the handle takes with it threads that have left", the_handle_takes_with_it_threads_that_have_left, 0, NULL},
        {"places of threads are used again", places_of_threads_are_used_again, 0, NULL},
        {"resizing loses no item", resizing_loses_no_item, CONSUMERS, consumer_name},
        {"growing takes no place of a leaving thread", growing_takes_no_place_of_a_thread_that_is_leaving, 0, NULL},
        {"resizing from two threads", resizing_from_two_threads_takes_no_place_twice, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
