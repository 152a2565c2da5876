/* SPDX-License-Identifier: Apache-2.0 */
/* Signals everywhere, in threads that let them in as in those that do not. */
#include "Support/lane.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { VARIANTS = WAYS * CONSUMERS };

static atomic_long handled[3]; /* in the test's threads; in the library's that were opened; ticks of the profile */
static _Thread_local volatile bool opened;

static void handle(int signal)
{
    int saved = errno;
    atomic_fetch_add(&handled[opened], 1);
    if (signal == SIGPROF) {
        atomic_fetch_add(&handled[2], 1);
    }
    errno = saved;
}

/* What a program's own code may do on any thread it runs on: the library's threads block signals until then. */
static void open_to_signals(void)
{
    if (!opened) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGPROF);
        sigaddset(&set, SIGUSR1);
        opened = true;
        CHECK_EQUAL(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
    }
}

static void open_in_item(struct item *item)
{
    (void)item;
    open_to_signals();
}

static int open_in_consumer(struct lane *lane, struct item *item)
{
    (void)lane, (void)item;
    open_to_signals();
    return 0;
}

static atomic_bool pelting;
static timer_t profile;

/* Sends SIGUSR1 to every thread of the process but itself, again and again. */
static void *pelt(void *argument)
{
    pid_t self = (pid_t)syscall(SYS_gettid);
    while (atomic_load(&pelting)) {
        DIR *directory = opendir("/proc/self/task");
        CHECK(directory != NULL);
        struct dirent *entry;
        while ((entry = readdir(directory)) != NULL) {
            pid_t thread = (pid_t)atoi(entry->d_name);
            if (thread > 0 && thread != self) {
                syscall(SYS_tgkill, getpid(), thread, SIGUSR1); /* it may have left */
            }
        }
        closedir(directory);
        sched_yield();
    }
    return argument;
}

static pthread_t start_pelting(void)
{
    struct sigaction action = {.sa_handler = handle}; /* without SA_RESTART: system calls return EINTR */
    CHECK_EQUAL(sigaction(SIGPROF, &action, NULL), 0);
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    /* ITIMER_PROF comes no oftener than the kernel's own tick. */
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    const struct itimerspec kilohertz = {{0, 1000000}, {0, 1000000}};
    CHECK_EQUAL(timer_create(CLOCK_MONOTONIC, &event, &profile), 0);
    CHECK_EQUAL(timer_settime(profile, 0, &kilohertz, NULL), 0);
    atomic_store(&pelting, true);
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, pelt, NULL), 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return thread;
}

static void stop_pelting(pthread_t thread)
{
    atomic_store(&pelting, false);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(timer_delete(profile), 0);
    printf("count signals in other threads %ld\n", atomic_load(&handled[0]));
    printf("count signals in the library's threads %ld\n", atomic_load(&handled[1]));
    printf("count ticks of SIGPROF at 1 kHz %ld\n", atomic_load(&handled[2]));
}

/* Lanes until enough signals were handled in the library's threads; one item in 16 fails and is left out. */
static void signals_change_nothing(int variant)
{
    enum { ITEMS = 300, SIGNALS = 300, TICKS = 100 };
    pthread_t pelter = start_pelting();
    do {
        struct lane *lane = lane_of_variant(variant, ITEMS, 3, OPTIONS(.window = 8, .on_failure = OIP_SKIP));
        lane->on_delivery = open_in_consumer;
        for (int i = 0; i < ITEMS; i++) {
            lane->items[i].inside = open_in_item;
            lane->items[i].code = i % 16 == 15;
        }
        CHECK_EQUAL(lane_start(lane), 0);
        for (int i = 0; i < ITEMS; i += 10) {
            CHECK_EQUAL(lane_ask(lane, i, 10), 0);
            wait_for(&lane->arrivals); /* now and then everybody gets to sleep */
        }
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        CHECK_EQUAL(atomic_load(&lane->delivered), ITEMS - ITEMS / 16);
        lane_end(lane);
    } while (atomic_load(&handled[1]) < SIGNALS || atomic_load(&handled[2]) < TICKS);
    stop_pelting(pelter);
}

/* Threads that nobody opened take no signal: their handler would find a stack and an errno that are not its own. */
static atomic_long strangers;

static void expect_test_thread(int signal)
{
    (void)signal;
    if (opened) { /* here: marks the library's threads */
        atomic_fetch_add(&strangers, 1);
    } else {
        atomic_fetch_add(&handled[0], 1);
    }
}

static void mark_in_item(struct item *item)
{
    (void)item;
    opened = true;
}

static void the_library_takes_no_signals(int consumer)
{
    enum { ITEMS = 300, SIGNALS = 300 };
    pthread_t pelter = start_pelting();
    struct sigaction action = {.sa_handler = expect_test_thread};
    CHECK_EQUAL(sigaction(SIGPROF, &action, NULL), 0);
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    do {
        struct lane *lane =
            lane_create(BY_PRODUCE, (enum consumer)consumer, ITEMS, 3, OPTIONS(.window = 8, .no_assist = true));
        for (int i = 0; i < ITEMS; i++) {
            lane->items[i].inside = mark_in_item;
        }
        CHECK_EQUAL(lane_start(lane), 0);
        CHECK_EQUAL(lane_ask(lane, 0, ITEMS), 0);
        CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
        lane_end(lane);
    } while (atomic_load(&handled[0]) < SIGNALS);
    CHECK_EQUAL(atomic_load(&strangers), 0);
    stop_pelting(pelter);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"signals change nothing", signals_change_nothing, VARIANTS, lane_name},
        {"the library takes no signals", the_library_takes_no_signals, SINK + 1, consumer_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
