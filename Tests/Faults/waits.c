/* SPDX-License-Identifier: Apache-2.0 */
#include "waits.h"

#include "redirected.h"

#include "Support/check.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int how;
static atomic_long slept, period, only, early_count, early_totals[EARLIES];
static atomic_bool dawdles;
static atomic_long looks, leap_every, leaps;
static _Atomic int64_t leap_size, ahead;

const char *early_name(int early)
{
    static const char *const names[EARLIES] = {"none", "EINTR", "EAGAIN", "spurious wake"};
    return names[early];
}

static void begin(enum early early, long every, long one)
{
    atomic_store(&how, EARLY_NOT);
    atomic_store(&slept, 0);
    atomic_store(&early_count, 0);
    atomic_store(&period, every);
    atomic_store(&only, one);
    atomic_store(&how, (int)early);
}

void waits_end_early(enum early early, long every)
{
    begin(early, every, 0);
}

void wait_ends_early(enum early early, long number)
{
    begin(early, 0, number);
}

long waits_ended_early(void)
{
    return atomic_load(&early_count);
}

void waits_dawdle(bool dawdle)
{
    atomic_store(&dawdles, dawdle);
}

void clock_leaps(long every, int64_t nanoseconds)
{
    atomic_store(&leap_size, nanoseconds);
    atomic_store(&leap_every, every);
}

long clock_looks(void)
{
    return atomic_load(&looks);
}

void waits_report(void)
{
    for (int early = EARLY_INTERRUPTED; early < EARLIES; early++) {
        if (atomic_load(&early_totals[early]) != 0) {
            printf("count futex wait, %s %ld\n", early_name(early), atomic_load(&early_totals[early]));
        }
    }
    if (atomic_load(&leaps) != 0) {
        printf("count clock leaps %ld\n", atomic_load(&leaps));
    }
    printf("count clock looks, all monotonic %ld\n", atomic_load(&looks));
}

/* ------------------------------------------------------------------------------------- what the core calls now ---- */

static struct timespec moved(struct timespec time, int64_t by)
{
    int64_t nanoseconds = time.tv_sec * INT64_C(1000000000) + time.tv_nsec + by;
    nanoseconds = nanoseconds > 0 ? nanoseconds : 0;
    return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

int fault_clock_gettime(clockid_t clock, struct timespec *now)
{
    CHECK_EQUAL(clock, CLOCK_MONOTONIC);
    long look = atomic_fetch_add(&looks, 1) + 1;
    long every = atomic_load(&leap_every);
    if (every != 0 && look % every == 0) {
        atomic_fetch_add(&ahead, atomic_load(&leap_size));
        atomic_fetch_add(&leaps, 1);
    }
    int64_t by = atomic_load(&ahead); /* before the look, so that no thread sees the clock go back */
    int result = clock_gettime(clock, now);
    *now = moved(*now, by);
    return result;
}

static bool ends_early(void)
{
    int early = atomic_load(&how);
    if (early == EARLY_NOT) {
        return false;
    }
    long mine = atomic_fetch_add(&slept, 1) + 1;
    long every = atomic_load(&period);
    if (every != 0 ? mine % every != 0 : mine != atomic_load(&only)) {
        return false;
    }
    atomic_fetch_add(&early_count, 1);
    atomic_fetch_add(&early_totals[early], 1);
    errno = early == EARLY_INTERRUPTED ? EINTR : EAGAIN;
    return true;
}

static long futex_wait(long word, int operation, int expected, const struct timespec *deadline, int all)
{
    if (ends_early()) {
        sched_yield(); /* a sleep that ends at once has been in the kernel, too */
        return atomic_load(&how) == EARLY_WOKEN ? 0 : -1;
    }
    struct timespec real;
    if (deadline != NULL) {
        real = moved(*deadline, -atomic_load(&ahead));
        deadline = &real;
    }
    return syscall(SYS_futex, word, operation, expected, deadline, NULL, all);
}

/* The core has three: wait and wake, private and without CLOCK_REALTIME, and membarrier. Any other is a new risk. */
long fault_syscall(long number, ...)
{
    long given[6];
    va_list arguments;
    va_start(arguments, number);
    int count = number == SYS_membarrier ? 3 : 6;
    for (int i = 0; i < count; i++) {
        given[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    if (number == SYS_membarrier) {
        static atomic_bool missing;
        if ((int)given[0] == MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED && injection_fails(CALL_MEMBARRIER)) {
            atomic_store(&missing, true);
            errno = call_error(CALL_MEMBARRIER);
            return -1;
        }
        CHECK(!atomic_load(&missing)); /* what is not there is not relied on */
        return syscall(number, (int)given[0], (int)given[1], (int)given[2]);
    }
    CHECK_EQUAL(number, SYS_futex);
    if (atomic_load(&dawdles)) {
        sched_yield();
    }
    if ((int)given[1] == FUTEX_WAKE_PRIVATE) {
        return syscall(number, given[0], (int)given[1], (int)given[2], NULL, NULL, 0);
    }
    CHECK_EQUAL((int)given[1], FUTEX_WAIT_BITSET_PRIVATE);

    return futex_wait(given[0], (int)given[1], (int)given[2], (const struct timespec *)given[3], (int)given[5]);
}
