/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before every file of the core and of the plays, when they are built to be run under the controller: each
 * atomic operation, named point, lock, wait, thread and look at the clock goes through it. The core itself has nothing
 * of this. */
#ifndef CONTROLLED_H
#define CONTROLLED_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "controller.h"
#include "points.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#define OIP_POINT(name) controller_named_point(POINT_##name, __func__, __LINE__)
#define CONTROLLED(operation) (controller_point(__func__, __LINE__), operation)

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#ifdef __clang__
#define atomic_load_explicit(p, order) CONTROLLED(__c11_atomic_load(p, order))
#define atomic_store_explicit(p, value, order) CONTROLLED(__c11_atomic_store(p, value, order))
#define atomic_exchange_explicit(p, value, order) CONTROLLED(__c11_atomic_exchange(p, value, order))
#define atomic_compare_exchange_strong_explicit(p, expected, value, order, failure)                                    \
    CONTROLLED(__c11_atomic_compare_exchange_strong(p, expected, value, order, failure))
#define atomic_compare_exchange_weak_explicit(p, expected, value, order, failure)                                      \
    CONTROLLED(__c11_atomic_compare_exchange_strong(p, expected, value, order, failure))
#define atomic_fetch_add_explicit(p, value, order) CONTROLLED(__c11_atomic_fetch_add(p, value, order))
#define atomic_fetch_sub_explicit(p, value, order) CONTROLLED(__c11_atomic_fetch_sub(p, value, order))
#define atomic_fetch_or_explicit(p, value, order) CONTROLLED(__c11_atomic_fetch_or(p, value, order))
#define atomic_fetch_and_explicit(p, value, order) CONTROLLED(__c11_atomic_fetch_and(p, value, order))
#else
#define atomic_load_explicit(p, order) CONTROLLED(__atomic_load_n(p, order))
#define atomic_store_explicit(p, value, order) CONTROLLED(__atomic_store_n(p, value, order))
#define atomic_exchange_explicit(p, value, order) CONTROLLED(__atomic_exchange_n(p, value, order))
#define atomic_compare_exchange_strong_explicit(p, expected, value, order, failure)                                    \
    CONTROLLED(__atomic_compare_exchange_n(p, expected, value, 0, order, failure))
#define atomic_compare_exchange_weak_explicit(p, expected, value, order, failure)                                      \
    CONTROLLED(__atomic_compare_exchange_n(p, expected, value, 0, order, failure))
#define atomic_fetch_add_explicit(p, value, order) CONTROLLED(__atomic_fetch_add(p, value, order))
#define atomic_fetch_sub_explicit(p, value, order) CONTROLLED(__atomic_fetch_sub(p, value, order))
#define atomic_fetch_or_explicit(p, value, order) CONTROLLED(__atomic_fetch_or(p, value, order))
#define atomic_fetch_and_explicit(p, value, order) CONTROLLED(__atomic_fetch_and(p, value, order))
#endif

#define __builtin_ia32_pause() controller_yield(__func__, __LINE__)
#define sched_yield() controller_yield(__func__, __LINE__)
#define clock_gettime(clock, time) controller_clock(time)
#define syscall(...) controller_syscall(__VA_ARGS__)
#define sched_getaffinity(process, size, set) controller_affinity(size, set)
#define fopen(path, mode) ((void)(path), (void)(mode), (FILE *)NULL) /* no quotas of this machine's */
#define pthread_mutex_lock(mutex) controller_lock(mutex, __func__, __LINE__)
#define pthread_mutex_unlock(mutex) controller_unlock(mutex)
#define pthread_cond_wait(condition, mutex) controller_wait(condition, mutex, __func__, __LINE__)
#define pthread_cond_broadcast(condition) controller_broadcast(condition)
#define pthread_create(thread, attributes, main, argument)                                                             \
    ((void)(attributes), controller_create(thread, main, argument))
#define pthread_join(thread, result) controller_join(thread, result)
#define pthread_tryjoin_np(thread, result) controller_tryjoin(thread)
#define pthread_detach(thread) controller_detach(thread)
#define pthread_setname_np(thread, name) ((void)(thread), controller_role("%s", name), 0)
#define malloc(size) controller_malloc(size)
#define calloc(count, size) controller_calloc(count, size)
#define aligned_alloc(align, size) controller_aligned_alloc(align, size)
#define free(memory) controller_free(memory)

#endif
