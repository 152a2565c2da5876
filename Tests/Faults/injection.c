/* SPDX-License-Identifier: Apache-2.0 */
#include "injection.h"

#include "redirected.h"

#include "Support/check.h"
#include "Support/lane.h"
#include "Support/threads.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int error;
    bool optional;
} calls[CALLS] = {
    [CALL_MALLOC] = {"malloc", ENOMEM, false},
    [CALL_CALLOC] = {"calloc", ENOMEM, false},
    [CALL_ALIGNED_ALLOC] = {"aligned_alloc", ENOMEM, false},
    [CALL_THREAD] = {"pthread_create", EAGAIN, false},
    [CALL_MUTEX] = {"pthread_mutex_init", ENOMEM, false},
    [CALL_CONDITION] = {"pthread_cond_init", ENOMEM, false},
    [CALL_ATTRIBUTES] = {"pthread_attr_init", ENOMEM, false},
    [CALL_STACK_SIZE] = {"pthread_attr_setstacksize", EINVAL, false},
    [CALL_BINDING] = {"pthread_attr_setaffinity_np", ENOMEM, false},
    [CALL_FORK_WATCH] = {"pthread_atfork", ENOMEM, false},
    [CALL_SIGNAL_MASK] = {"pthread_sigmask", EINVAL, false},
    [CALL_PROCESSORS] = {"sched_getaffinity", EINVAL, true},
    [CALL_MEMBARRIER] = {"membarrier", ENOSYS, true},
    [CALL_NAME] = {"pthread_setname_np", ERANGE, true},
};

static atomic_long number, first_failing = LONG_MAX, last_failing = 0, failed;
static atomic_int cause = CALLS;
static atomic_bool names_fail;
static atomic_long totals[CALLS];
static atomic_long memory, mutexes, conditions, attributes_live, threads;

const char *call_name(enum call call)
{
    return calls[call].name;
}

int call_error(enum call call)
{
    return calls[call].error;
}

bool call_is_optional(enum call call)
{
    return calls[call].optional;
}

void injection_begin(long first, long last)
{
    atomic_store(&number, 0);
    atomic_store(&failed, 0);
    atomic_store(&cause, CALLS);
    atomic_store(&first_failing, first);
    atomic_store(&last_failing, last);
}

long injection_end(void)
{
    atomic_store(&first_failing, LONG_MAX);
    return atomic_load(&failed);
}

void injection_fail_names(bool fail)
{
    atomic_store(&names_fail, fail);
}

enum call injection_cause(void)
{
    return (enum call)atomic_load(&cause);
}

bool injection_fails(enum call call)
{
    bool fails;
    if (call == CALL_NAME) {
        fails = atomic_load(&names_fail);
    } else {
        long mine = atomic_fetch_add(&number, 1) + 1;
        fails = mine >= atomic_load(&first_failing) && mine <= atomic_load(&last_failing);
    }
    if (fails) {
        int none = CALLS;
        if (!calls[call].optional) {
            atomic_compare_exchange_strong(&cause, &none, (int)call);
        }
        atomic_fetch_add(&failed, 1);
        atomic_fetch_add(&totals[call], 1);
    }
    return fails;
}

struct census census_now(void)
{
    return (struct census){atomic_load(&memory), atomic_load(&mutexes), atomic_load(&conditions),
                           atomic_load(&attributes_live), atomic_load(&threads)};
}

bool census_equal(struct census left, struct census right)
{
    return left.memory == right.memory && left.mutexes == right.mutexes && left.conditions == right.conditions &&
           left.attributes == right.attributes && left.threads == right.threads;
}

void expect_nothing_left(void)
{
    WAIT_UNTIL(library_threads() == 0);
    CHECK_EQUAL(atomic_load(&memory), 0);
    CHECK_EQUAL(atomic_load(&mutexes), 0);
    CHECK_EQUAL(atomic_load(&conditions), 0);
    CHECK_EQUAL(atomic_load(&attributes_live), 0);
    CHECK_EQUAL(atomic_load(&threads), 0);
}

void injection_report(void)
{
    for (int call = 0; call < CALLS; call++) {
        if (atomic_load(&totals[call]) != 0) {
            printf("count %s %ld\n", calls[call].name, atomic_load(&totals[call]));
        }
    }
}

/* ------------------------------------------------------------------------------------- what the core calls now ---- */

static void *taken(void *block)
{
    atomic_fetch_add(&memory, block != NULL);
    return block;
}

void *fault_malloc(size_t size)
{
    return injection_fails(CALL_MALLOC) ? NULL : taken(malloc(size));
}

void *fault_calloc(size_t count, size_t size)
{
    return injection_fails(CALL_CALLOC) ? NULL : taken(calloc(count, size));
}

void *fault_aligned_alloc(size_t align, size_t size)
{
    return injection_fails(CALL_ALIGNED_ALLOC) ? NULL : taken(aligned_alloc(align, size));
}

void fault_free(void *block)
{
    atomic_fetch_sub(&memory, block != NULL);
    free(block);
}

/* Counts what was taken where `error` is 0; what was not is left unusable, so that nobody can use it unpunished. */
static int made(int error, atomic_long *count, void *object, size_t size)
{
    if (error != 0 && object != NULL) {
        memset(object, 0xa5, size);
    }
    atomic_fetch_add(count, error == 0);
    return error;
}

int fault_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int error =
        injection_fails(CALL_THREAD) ? calls[CALL_THREAD].error : pthread_create(thread, attributes, run, argument);
    return made(error, &threads, NULL, 0);
}

int fault_pthread_join(pthread_t thread, void **value)
{
    atomic_fetch_sub(&threads, 1);
    return pthread_join(thread, value);
}

int fault_pthread_tryjoin_np(pthread_t thread, void **value)
{
    int error = pthread_tryjoin_np(thread, value);
    atomic_fetch_sub(&threads, error == 0);
    return error;
}

int fault_pthread_detach(pthread_t thread)
{
    atomic_fetch_sub(&threads, 1);
    return pthread_detach(thread);
}

int fault_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    int error = injection_fails(CALL_MUTEX) ? calls[CALL_MUTEX].error : pthread_mutex_init(mutex, attributes);
    return made(error, &mutexes, mutex, sizeof *mutex);
}

int fault_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    atomic_fetch_sub(&mutexes, 1);
    return pthread_mutex_destroy(mutex);
}

int fault_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    int error =
        injection_fails(CALL_CONDITION) ? calls[CALL_CONDITION].error : pthread_cond_init(condition, attributes);
    return made(error, &conditions, condition, sizeof *condition);
}

int fault_pthread_cond_destroy(pthread_cond_t *condition)
{
    atomic_fetch_sub(&conditions, 1);
    return pthread_cond_destroy(condition);
}

int fault_pthread_attr_init(pthread_attr_t *attributes)
{
    int error = injection_fails(CALL_ATTRIBUTES) ? calls[CALL_ATTRIBUTES].error : pthread_attr_init(attributes);
    return made(error, &attributes_live, attributes, sizeof *attributes);
}

int fault_pthread_attr_destroy(pthread_attr_t *attributes)
{
    atomic_fetch_sub(&attributes_live, 1);
    return pthread_attr_destroy(attributes);
}

int fault_pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    return injection_fails(CALL_STACK_SIZE) ? calls[CALL_STACK_SIZE].error
                                            : pthread_attr_setstacksize(attributes, size);
}

int fault_pthread_attr_setaffinity_np(pthread_attr_t *attributes, size_t size, const cpu_set_t *set)
{
    return injection_fails(CALL_BINDING) ? calls[CALL_BINDING].error
                                         : pthread_attr_setaffinity_np(attributes, size, set);
}

int fault_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return injection_fails(CALL_FORK_WATCH) ? calls[CALL_FORK_WATCH].error : pthread_atfork(prepare, parent, child);
}

int fault_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    /* It refuses a `how` that it does not know. So where the mask could be set it can be set back. */
    return old != NULL && injection_fails(CALL_SIGNAL_MASK) ? calls[CALL_SIGNAL_MASK].error
                                                            : pthread_sigmask(how, set, old);
}

int fault_pthread_setname_np(pthread_t thread, const char *name)
{
    return injection_fails(CALL_NAME) ? calls[CALL_NAME].error : pthread_setname_np(thread, name);
}

int fault_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    if (injection_fails(CALL_PROCESSORS)) {
        errno = calls[CALL_PROCESSORS].error;
        return -1;
    }
    return sched_getaffinity(process, size, set);
}
