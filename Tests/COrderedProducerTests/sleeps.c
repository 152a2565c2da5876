/* SPDX-License-Identifier: Apache-2.0 */
#include "sleeps.h"

#include "Support/check.h"

#include <linux/futex.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

/* A thread that is inside a wait: on its stack, which stays as long as it is in the list. */
struct sleep {
    const _Atomic uint32_t *word;
    uint32_t value; /* it sleeps as long as the word has this */
    bool timed;
    pthread_t thread;
    char name[16];
    struct sleep *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sleep *sleeping;
static atomic_long barriers, waits;

static bool is_for_good(const struct sleep *sleep)
{
    return !sleep->timed && atomic_load(sleep->word) == sleep->value;
}

bool sleeps_for_good(const char *name)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (const struct sleep *at = sleeping; at != NULL; at = at->next) {
        found = found || (strcmp(at->name, name) == 0 && is_for_good(at));
    }
    pthread_mutex_unlock(&lock);
    return found;
}

bool thread_sleeps_for_good(pthread_t thread)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (const struct sleep *at = sleeping; at != NULL; at = at->next) {
        found = found || (pthread_equal(at->thread, thread) && is_for_good(at));
    }
    pthread_mutex_unlock(&lock);
    return found;
}

long membarriers(void)
{
    return atomic_load(&barriers);
}

long futex_waits(void)
{
    return atomic_load(&waits);
}

/* ------------------------------------------------------------------------------------ what the core calls now ---- */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static void enter(struct sleep *sleep)
{
    sleep->thread = pthread_self();
    pthread_getname_np(sleep->thread, sleep->name, sizeof sleep->name);
    pthread_mutex_lock(&lock);
    sleep->next = sleeping;
    sleeping = sleep;
    pthread_mutex_unlock(&lock);
}

static void leave(struct sleep *sleep)
{
    pthread_mutex_lock(&lock);
    struct sleep **at = &sleeping;
    while (*at != sleep) {
        at = &(*at)->next;
    }
    *at = sleep->next;
    pthread_mutex_unlock(&lock);
}

static long futex(uint32_t *word, int operation, int value, const struct timespec *deadline, void *second, int bits)
{
    if ((operation & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET) {
        return __real_syscall(SYS_futex, word, operation, value, deadline, second, bits);
    }
    struct sleep sleep = {.word = (const _Atomic uint32_t *)word, .value = (uint32_t)value, .timed = deadline != NULL};
    atomic_fetch_add(&waits, 1);
    enter(&sleep);
    long result = __real_syscall(SYS_futex, word, operation, value, deadline, second, bits);
    leave(&sleep);
    return result;
}

long __wrap_syscall(long number, ...)
{
    va_list given;
    va_start(given, number);
    long result = 0;
    if (number == SYS_futex) {
        uint32_t *word = va_arg(given, uint32_t *);
        int operation = va_arg(given, int), value = va_arg(given, int);
        const struct timespec *deadline = va_arg(given, const struct timespec *);
        void *second = va_arg(given, void *);
        result = futex(word, operation, value, deadline, second, va_arg(given, int));
    } else if (number == SYS_membarrier) {
        int command = va_arg(given, int), flags = va_arg(given, int), processor = va_arg(given, int);
        atomic_fetch_add(&barriers, 1);
        result = __real_syscall(number, command, flags, processor);
    } else {
        CHECK_EQUAL(number, SYS_gettid);
        result = __real_syscall(number);
    }
    va_end(given);
    return result;
}
