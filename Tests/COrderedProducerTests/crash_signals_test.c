/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's crash handler is called on the library's threads, too: a signal that the kernel raises for what a thread
 * itself did cannot wait for another thread, and where it is blocked the kernel ends the process without a word.
 */
#include "Support/lane.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
static const char *const signal_names[] = {"SEGV", "BUS", "ILL", "FPE", "TRAP", "ABRT", "SYS"};
enum { SIGNALS = sizeof signals / sizeof *signals, PLACES = 2 };

static pid_t handled_on;
static int handled;
static char *page; /* that nobody may touch until the handler says so */

static void handle(int number, siginfo_t *info, void *context)
{
    (void)context;
    handled = number;
    handled_on = gettid();
    if (info->si_addr == page && page != NULL) {
        mprotect(page, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE);
    }
}

static void install_handler(int number)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_ONSTACK | SA_SIGINFO};
    CHECK_EQUAL(sigaction(number, &action, NULL), 0);
}

static void expect_handler(int number)
{
    CHECK_EQUAL(handled, number);
    CHECK_EQUAL(handled_on, gettid());
    handled = 0;
}

static void raise_here(const struct lane *lane)
{
    int number = signals[lane->items[0].mood];
    CHECK_EQUAL(raise(number), 0);
    expect_handler(number);
}

static void touch_page(void)
{
    *(volatile char *)page = 1;
    expect_handler(SIGSEGV);
}

static void crash_in_item(struct item *item)
{
    page != NULL ? touch_page() : raise_here(item->lane);
}

static int crash_on_delivery(struct lane *lane, struct item *item)
{
    (void)item;
    page != NULL ? touch_page() : raise_here(lane);
    return 0;
}

static void crash_in(int place, unsigned signal)
{
    struct lane *lane = lane_create(BY_PRODUCE, THREAD, 1, 1, OPTIONS(.no_assist = true));
    lane->items[0].mood = signal;
    if (place == 0) {
        lane->items[0].inside = crash_in_item;
    } else {
        lane->on_delivery = crash_on_delivery;
    }
    CHECK_EQUAL(lane_start(lane), 0);
    CHECK_EQUAL(lane_ask(lane, 0, 1), 0);
    CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
    lane_check_in_order(lane, 1);
    lane_end(lane);
}

static void a_signal_of_the_thread_itself(int variant)
{
    install_handler(signals[variant / PLACES]);
    crash_in(variant % PLACES, (unsigned)(variant / PLACES));
}

static void a_fault(int place)
{
    page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    install_handler(SIGSEGV);
    crash_in(place, 0);
    CHECK_EQUAL(page[0], 1); /* the instruction was done again */
}

static const char *place_name(int place)
{
    return place == 0 ? "pool thread" : "consumer thread";
}

static const char *variant_name(int variant)
{
    static char name[40];
    snprintf(name, sizeof name, "%s, %s", signal_names[variant / PLACES], place_name(variant % PLACES));
    return name;
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the crash handler is called for a signal", a_signal_of_the_thread_itself, SIGNALS * PLACES, variant_name},
        {"the crash handler is called for a fault", a_fault, PLACES, place_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
